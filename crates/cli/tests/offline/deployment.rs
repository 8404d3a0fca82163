//! Decrypts a deployment's own objects without its server.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sealift_client::{Client, FileSource, UploadControl, UploadOptions};
use sealift_server::{
    Config, Server,
    config::{ConfigFile, Sources},
    objects::embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials},
    records::Records,
    rotate_keys,
};
use sealift_transfer::api::FileRecord;
use serde_json::Value;

use crate::program::{json, read, refused, said, sealift, succeeded};

/// Returns a plaintext of more than one frame.
fn plaintext() -> Vec<u8> {
    (0..700_000_u32)
        .flat_map(u32::to_le_bytes)
        .take(700_000)
        .collect()
}

struct Deployment {
    folder: tempfile::TempDir,
}

impl Deployment {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> Config {
        let text = |name: &str| self.path(name).to_str().expect("UTF-8").to_owned();
        let flags = vec![
            ("auth", "none".to_owned()),
            ("keyring", "local".to_owned()),
            ("store", "embedded".to_owned()),
            ("data_dir", text("data")),
            ("key_file", text("keys/sealift.key")),
            ("port", "0".to_owned()),
            ("s3_port", "0".to_owned()),
        ];
        let sources = Sources {
            file: ConfigFile::None,
            environment: BTreeMap::new(),
            flags,
        };
        Config::load(&sources).expect("a configuration")
    }

    fn decrypt(&self, message: &str, key_file: &str) -> Command {
        let mut command = sealift(&["decrypt", message, "-o", "opened", "--force"]);
        command
            .args(["--data", "data", "--key-file", key_file])
            .current_dir(self.folder.path());
        command
    }

    async fn upload(&self, client: &Client, plaintext: &[u8]) -> FileRecord {
        let file = self.path("plain");
        fs::write(&file, plaintext).expect("written");
        let source = FileSource::open(&file).expect("a source");
        let control = UploadControl::default();
        let options = UploadOptions::named("plain");
        let uploaded = client.upload(source, options, |_| {}, control).await;
        uploaded.expect("uploaded")
    }

    fn opened(&self) -> Vec<u8> {
        let opened = read(&self.path("opened"));
        fs::remove_file(self.path("opened")).expect("it is there");
        opened
    }
}

/// Runs a command on another thread, so that the test's own threads keep serving meanwhile.
async fn run(mut command: Command) -> Output {
    let ended = tokio::task::spawn_blocking(move || command.output());
    ended.await.expect("a thread").expect("the program")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_opens_with_the_deployments_folder_and_key_file_beside_its_server_and_after() {
    let here = Deployment {
        folder: tempfile::tempdir().expect("a folder"),
    };
    let server = Server::start(here.config()).await.expect("a server");
    let client = Client::new(&format!("http://{}", server.address()), None).expect("a client");
    let record = here.upload(&client, &plaintext()).await;
    let other = here.upload(&client, b"another one").await;

    let config = here.config();
    let bucket = config.store_folder().join(&record.bucket);
    let object = bucket.join(&record.object_key);
    let object = object.to_str().expect("UTF-8");
    succeeded(&run(here.decrypt(object, "keys/sealift.key")).await);
    assert!(here.opened() == plaintext(), "beside the server");
    server.shutdown().await;
    succeeded(&run(here.decrypt(object, "keys/sealift.key")).await);
    assert!(here.opened() == plaintext(), "after it");
    expect_its_key_for_its_owner_only(&here, object, &record).await;

    // From the bucket, with the bucket's credentials alone.
    let credentials_file = config.store_credentials_file();
    let store = EmbeddedConfig {
        folder: config.store_folder(),
        address: "127.0.0.1:0".parse().expect("an address"),
        bucket: record.bucket.clone(),
        page_origins: Vec::new(),
        credentials: EmbeddedCredentials::keep_in(&credentials_file).expect("credentials"),
    };
    let store = Embedded::start(store).await.expect("a store");
    let keys: Value = json(&read(&credentials_file));
    let word = |name: &str| keys[name].as_str().expect("a word").to_owned();
    let url = format!("s3://{}/{}", record.bucket, record.object_key);
    let from_store = |url: &str, secret: &str| {
        let mut command = here.decrypt(url, "keys/sealift.key");
        command
            .args(["--s3-endpoint", &store.endpoint(), "--region", "us-east-1"])
            .env("AWS_ACCESS_KEY_ID", word("access_key"))
            .env("AWS_SECRET_ACCESS_KEY", secret);
        command
    };
    let secret = word("secret_key");
    succeeded(&run(from_store(&url, &secret)).await);
    assert!(here.opened() == plaintext(), "from the store");
    refused(&run(from_store(&url, "another")).await, 5);
    refused(&run(from_store(&format!("{url}x"), &secret)).await, 4);

    // Somebody who can write to the bucket puts one object in the place of the other.
    let stolen = bucket.join(&other.object_key);
    fs::copy(object, &stolen).expect("copied");
    let url = format!("s3://{}/{}", other.bucket, other.object_key);
    let output = run(from_store(&url, &secret)).await;
    assert!(
        refused(&output, 3).contains("is not the object that its name says"),
        "{}",
        said(&output)
    );
    assert!(!here.path("opened").exists());
    let mut command = from_store(&url, &secret);
    command.arg("--allow-moved");
    succeeded(&run(command).await);
    assert!(here.opened() == plaintext(), "it was asked for");

    // Try the key file of another deployment, a missing key file, and another folder.
    fs::create_dir(here.path("others")).expect("a folder");
    sealift_keyring::KeyFile::load_or_make(&here.path("others/sealift.key")).expect("a key");
    let output = run(here.decrypt(object, "others/sealift.key")).await;
    assert!(
        refused(&output, 5).contains("not the one of this database"),
        "{}",
        said(&output)
    );
    refused(&run(here.decrypt(object, "none/sealift.key")).await, 4);
    assert!(!here.path("none").exists(), "nothing comes into being");
    fs::rename(here.path("data"), here.path("moved")).expect("moved");
    let moved = here.path("moved").join(
        Path::new(object)
            .strip_prefix(here.path("data"))
            .expect("in it"),
    );
    let output = run(here.decrypt(moved.to_str().expect("UTF-8"), "keys/sealift.key")).await;
    assert!(
        refused(&output, 4).contains("there is no database"),
        "{}",
        said(&output)
    );
    assert!(!here.path("opened").exists());
}

/// Checks that the exported key is readable for its owner only, because it decrypts every file of the tenant.
async fn expect_its_key_for_its_owner_only(here: &Deployment, object: &str, file: &FileRecord) {
    let tenant = file.encryption_context.get("tenant");
    let tenant = tenant.expect("it is in the context");
    let export_of = |object: &str, tenant: &str| {
        let mut command = sealift(&["keys", "export", object, "-o", "exported"]);
        command
            .args(["--tenant", tenant])
            .args(["--data", "data", "--key-file", "keys/sealift.key"])
            .current_dir(here.folder.path());
        command
    };
    let export = || export_of(object, tenant);
    let exported = here.path("exported");
    // A forged header: one bit of the message id differs.
    let mut claim = read(Path::new(object));
    *claim.get_mut(10).expect("a message id") ^= 1;
    fs::write(here.path("claim"), claim).expect("written");
    let output = run(export_of("claim", tenant)).await;
    assert!(refused(&output, 3).contains("is not authentic under the key"));
    let output = run(export_of(object, "another")).await;
    assert!(refused(&output, 3).contains("belongs to the tenant"));
    assert!(!exported.exists());
    succeeded(&run(export()).await);
    assert_eq!(read(&exported).len(), 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&exported).expect("a file").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    expect_all_keys_of_its_tenant(here, tenant, &read(&exported)).await;
    fs::write(&exported, "mine").expect("written");
    let output = run(export()).await;
    assert!(refused(&output, 1).contains("already exists"));
    assert_eq!(read(&exported), b"mine");
}

/// Checks that all versions of the tenant's key are exported without an object, and that every export is audited.
async fn expect_all_keys_of_its_tenant(here: &Deployment, tenant: &str, first: &[u8]) {
    rotate_keys(&here.config(), None).await.expect("rotated");
    let export_of = |tenant: &str, more: &[&str]| {
        let mut command = sealift(&["keys", "export", "-o", "all", "--tenant", tenant]);
        command
            .args(["--data", "data", "--key-file", "keys/sealift.key"])
            .args(more)
            .current_dir(here.folder.path());
        command
    };
    let output = run(export_of("another", &[])).await;
    assert!(refused(&output, 4).contains("has no key"));
    assert!(!here.path("all").exists());
    let output = run(export_of(tenant, &["--json"])).await;
    succeeded(&output);
    let exported: Value = json(&output.stdout);
    let paths: Vec<_> = exported.as_array().expect("a list").iter().collect();
    let names: Vec<_> = paths.iter().map(|key| &key["key_name"]).collect();
    let name = |version| format!("tenant/{tenant}/kek/{version}");
    assert_eq!(names, [name(1).as_str(), name(2).as_str()]);
    let key = |version| here.path("all").join(format!("{tenant}-{version}.bin"));
    assert_eq!(read(&key(1)), first);
    assert_eq!(read(&key(2)).len(), 32);
    assert_ne!(read(&key(2)), first);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for (path, expected) in [(here.path("all"), 0o700), (key(1), 0o600)] {
            let mode = fs::metadata(&path).expect("it is there").permissions();
            assert_eq!(mode.mode() & 0o777, expected);
        }
    }
    let output = run(export_of(tenant, &[])).await;
    assert!(refused(&output, 1).contains("already exists"));

    let records = Records::open(&here.config().database_file()).await;
    let records = records.expect("records");
    let audit = records.audit_rows(0, 1000).await.expect("the audit");
    records.close().await;
    let exports = audit.iter().filter(|entry| entry.action == "export_key");
    let subjects: Vec<_> = exports.filter_map(|entry| entry.subject.clone()).collect();
    let [one, two] = [1, 2].map(|version| format!("{tenant}/{version}"));
    assert_eq!(subjects, [one.clone(), one, two]);
}

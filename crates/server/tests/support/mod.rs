//! A whole deployment for one test, with access to everything that an attacker or an operator could
//! reach: the files of the store and the rows of the database.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealift_keyring::Kek;
use sealift_message::{Header, seal_record};
use sealift_server::{
    Clock, Config, NewApiKey, Server, config::Sources, make_api_key, records::Roles, stored_keks,
};
use sealift_transfer::api::{FileRecord, UploadId, Verification, files};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

pub(crate) mod client;
pub(crate) mod forms;
pub(crate) mod sealing;
pub(crate) mod ticket_holder;

pub(crate) use client::{Answer, Client};
pub(crate) use sealing::{SealedFile, bytes};

/// Plaintext bytes of a frame, few enough that small files have several frames.
pub(crate) const FRAME: usize = 4096;
/// Plaintext bytes of a part: as many whole frames as make 5 MiB, the smallest part that S3 takes.
pub(crate) const PART: usize = 1271 * FRAME;

/// A running deployment.
pub(crate) struct Stack {
    pub(crate) server: Server,
    pub(crate) config: Config,
    clock: Clock,
    folder: tempfile::TempDir,
    /// The files that the store has from the start on: those of the mark.
    kept_at_start: Vec<PathBuf>,
}

impl Stack {
    /// Starts a deployment without login.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts a deployment with other settings. If a setting is given twice, the last one counts.
    pub(crate) async fn with(flags: &[(&'static str, &str)]) -> Self {
        Self::at(Clock::system(), flags).await
    }

    /// Starts a deployment with this clock.
    pub(crate) async fn at(clock: Clock, flags: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config_in(folder.path(), flags);
        let server = Server::start_at(config.clone(), clock.clone());
        Self {
            server: server.await.unwrap(),
            kept_at_start: files_in(&config.store_folder()),
            config,
            clock,
            folder,
        }
    }

    /// Shuts the server down and starts it again on the same data, on other ports.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(async |_| {}).await
    }

    /// Does the same, and calls `change` on the data while no server runs.
    pub(crate) async fn restart_after(self, change: impl AsyncFnOnce(&Config)) -> Self {
        self.server.shutdown().await;
        change(&self.config).await;
        let server = Server::start_at(self.config.clone(), self.clock.clone());
        Self {
            server: server.await.unwrap(),
            ..self
        }
    }

    /// Shuts the server down. The folder exists as long as the returned value.
    pub(crate) async fn stop(self) -> (Config, tempfile::TempDir) {
        self.server.shutdown().await;
        (self.config, self.folder)
    }

    /// Returns the folder that holds all data of the deployment.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a client without login.
    pub(crate) fn client(&self) -> Client {
        Client::of(self.server.address())
    }

    /// Makes an API key and returns a client that uses it.
    pub(crate) async fn login(&self, tenant: &str, owner: &str, roles: Roles) -> Client {
        let (tenant, owner) = (tenant.parse().unwrap(), owner.parse().unwrap());
        let key = make_api_key(&self.config, NewApiKey::of(tenant, owner, roles)).await;
        self.client().with_api_key(&key.unwrap().reveal())
    }

    /// Returns the file in which the store keeps the object with this object key.
    pub(crate) fn object_file(&self, object_key: &str) -> PathBuf {
        let bucket = self.config.store_folder().join(&self.config.bucket);
        bucket.join(object_key)
    }

    /// Returns the store's file with the object of this record.
    pub(crate) fn object_of(&self, record: &FileRecord) -> PathBuf {
        self.object_file(&record.object_key)
    }

    /// Returns the file in which the store notes the ETag and the checksums of an object.
    pub(crate) fn metadata_of(&self, record: &FileRecord) -> PathBuf {
        self.metadata_at(&record.bucket, &record.object_key)
    }

    fn metadata_at(&self, bucket: &str, object_key: &str) -> PathBuf {
        let coded = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let (bucket, key) = (coded(bucket), coded(object_key));
        let name = format!(".bucket-{bucket}.object-{key}.internal.json");
        self.config.store_folder().join(name)
    }

    /// Puts an object at the object key of an upload, as a person with access to the bucket can. The object
    /// lacks the checksums that a signed PUT leaves.
    pub(crate) async fn lay(&self, upload: &UploadId, object: &[u8]) {
        let path = self.object_to_be(upload).await;
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, object).unwrap();
        fs::write(self.metadata_to_be(upload).await, NO_METADATA).unwrap();
    }

    /// Returns the file in which the store will note the ETag and the checksums of an upload's object.
    pub(crate) async fn metadata_to_be(&self, upload: &UploadId) -> PathBuf {
        let query = "SELECT s3_key FROM uploads WHERE upload_id = ?";
        let key = self.text(query, upload.as_str()).await;
        self.metadata_at(&self.config.bucket, &key)
    }

    /// Returns the file in which the store will keep the object of an upload.
    pub(crate) async fn object_to_be(&self, upload: &UploadId) -> PathBuf {
        let query = "SELECT s3_key FROM uploads WHERE upload_id = ?";
        self.object_file(&self.text(query, upload.as_str()).await)
    }

    /// Returns the two files of a part that was sent: its bytes, and the note with its checksum.
    pub(crate) async fn part_files(&self, upload: &UploadId, part: u16) -> [PathBuf; 2] {
        let id = self.s3_upload_id(upload).await;
        let folder = self.config.store_folder();
        [
            folder.join(format!(".upload_id-{id}.part-{part}")),
            folder.join(format!(".upload_part_info-{id}.part-{part}.json")),
        ]
    }

    /// Asks the server to open every frame of a file, and waits for the hash of its plaintext.
    pub(crate) async fn verified(&self, file: &FileRecord) -> String {
        let client = self.client();
        let path = files::verify_path(&file.id);
        client.post(&path, &()).await.json::<FileRecord>(202);
        let looking = async {
            loop {
                // Another pass may have the file already.
                self.server.verify_now().await;
                let record: FileRecord = client.get(&files::path(&file.id)).await.json(200);
                match record.verification {
                    Verification::Verified {
                        plaintext_sha256, ..
                    } => return plaintext_sha256,
                    Verification::Pending => {}
                    // The row could not be read. The pass that was asked for writes it again.
                    Verification::Unknown => tokio::task::yield_now().await,
                    Verification::Failed { .. } => panic!("{:?}", record.verification),
                }
            }
        };
        let verified = tokio::time::timeout(core::time::Duration::from_secs(60), looking);
        verified.await.expect("the file is never verified")
    }

    /// Seals this name as the server does, for each of these files of a deployment without login.
    pub(crate) async fn seal_names(&self, ids: &[String], name: &str) -> Vec<(String, Vec<u8>)> {
        let kek = self.kek().await;
        let seal = |(id, number): (&String, u64)| {
            let field = format!("name:{id}");
            (
                id.clone(),
                seal_field(&kek, number, &field, name.as_bytes()),
            )
        };
        ids.iter().zip(0..).map(seal).collect()
    }

    /// Seals one field of a file as the server does, in a deployment without login.
    pub(crate) async fn seal_field(&self, field: &str, plaintext: &[u8]) -> Vec<u8> {
        seal_field(&self.kek().await, 0, field, plaintext)
    }

    /// Returns the KEK of a deployment without login.
    async fn kek(&self) -> Kek {
        let header = "SELECT header FROM files WHERE original_filename <> ? LIMIT 1";
        let header = Header::parse_own(&self.blob(header, "").await).unwrap();
        let tenant = "local".parse().unwrap();
        let keks = stored_keks(&self.config, &tenant, header.encrypted_data_keys()).await;
        keks.unwrap().remove(0)
    }

    /// Makes the store forget that it ever had this multipart upload.
    pub(crate) async fn forget_multipart(&self, upload: &UploadId) {
        let id = self.s3_upload_id(upload).await;
        let names = self.files_of_store();
        let its = |name: &&PathBuf| name.to_string_lossy().contains(&id);
        for name in names.iter().filter(its) {
            fs::remove_file(name).unwrap();
        }
    }

    async fn s3_upload_id(&self, upload: &UploadId) -> String {
        let query = "SELECT s3_upload_id FROM uploads WHERE upload_id = ?";
        self.text(query, upload.as_str()).await
    }

    /// Returns the store's own notes and parts since the start. Objects lie in folders beside them.
    pub(crate) fn files_of_store(&self) -> Vec<PathBuf> {
        let mut files = files_in(&self.config.store_folder());
        files.retain(|file| !self.kept_at_start.contains(file));
        files
    }

    /// Expects that no upload was made: no row and no multipart upload.
    pub(crate) async fn expect_no_upload(&self) {
        let uploads = "SELECT count(*) FROM uploads WHERE upload_id <> ?";
        assert_eq!(self.number(uploads, "").await, 0);
        assert_eq!(self.files_of_store(), Vec::<PathBuf>::new());
    }

    /// Returns the one text that the query finds.
    pub(crate) async fn text(&self, query: &'static str, given: &str) -> String {
        let mut db = self.database().await;
        let asked = sqlx::query_scalar(query).bind(given.to_owned());
        let text = asked.fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        text
    }

    /// Returns the one number that the query finds.
    pub(crate) async fn number(&self, query: &'static str, given: &str) -> i64 {
        let mut db = self.database().await;
        let asked = sqlx::query_scalar(query).bind(given.to_owned());
        let number = asked.fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        number
    }

    /// Returns the one blob that the query finds.
    pub(crate) async fn blob(&self, query: &'static str, given: &str) -> Vec<u8> {
        let mut db = self.database().await;
        let asked = sqlx::query_scalar(query).bind(given.to_owned());
        let blob = asked.fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        blob
    }

    /// Changes the database without the server.
    pub(crate) async fn change(
        &self,
        statement: &'static str,
        given: Vec<u8>,
        id: &str,
    ) -> Result<u64, sqlx::Error> {
        let mut db = self.database().await;
        let asked = sqlx::query(statement).bind(given).bind(id.to_owned());
        let changed = asked.execute(&mut db).await;
        db.close().await.unwrap();
        Ok(changed?.rows_affected())
    }

    /// Opens the database's file without the server.
    pub(crate) async fn database(&self) -> sqlx::SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(self.config.database_file())
            .busy_timeout(core::time::Duration::from_secs(10));
        options.connect().await.unwrap()
    }
}

/// Changes the database of a server, which may have stopped.
pub(crate) async fn change(config: &Config, statement: &'static str) {
    let options = SqliteConnectOptions::new()
        .filename(config.database_file())
        .busy_timeout(core::time::Duration::from_secs(10));
    let mut db = options.connect().await.unwrap();
    sqlx::query(statement).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

/// Makes the database of a stopped server look older than the mark in its bucket.
pub(crate) async fn make_older(config: &Config) {
    change(config, "UPDATE deployment SET high_water = high_water - 1").await;
}

fn seal_field(kek: &Kek, iv: u64, field: &str, plaintext: &[u8]) -> Vec<u8> {
    let iv = [&[0; 4][..], &iv.to_be_bytes()]
        .concat()
        .try_into()
        .unwrap();
    let sealed = seal_record(kek.records_key().expose(), &iv, field.as_bytes(), plaintext);
    let version = kek.version().to_be_bytes();
    [&version[..], &iv, &sealed.unwrap()].concat()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).collect()
}

/// Returns the configuration of a deployment in `folder`: no login, free ports, small frames and parts.
pub(crate) fn config_in(folder: &Path, flags: &[(&'static str, &str)]) -> Config {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut all = vec![
        ("data_dir", at("data")),
        ("key_file", at("keys/sealift.key")),
        ("port", "0".to_owned()),
        ("s3_port", "0".to_owned()),
        ("auth", "none".to_owned()),
        ("frame_length", "4KiB".to_owned()),
        ("part_length", "5MiB".to_owned()),
        // With `edges` nothing but the test itself reads whole objects.
        ("verify", "edges".to_owned()),
    ];
    all.extend(
        flags
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let sources = Sources {
        flags: all,
        ..Sources::default()
    };
    Config::load(&sources).unwrap()
}

/// The embedded store's note about an object without ETag and checksums.
pub(crate) const NO_METADATA: &str = "{}";

/// Changes one byte of a file. A negative `place` counts from the end.
pub(crate) fn alter(file: &Path, offset: i64) {
    let mut bytes = fs::read(file).unwrap();
    let at = usize::try_from(offset.rem_euclid(i64::try_from(bytes.len()).unwrap())).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// A day in milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Returns the real time. The store of a test must agree with it, because signatures carry the time.
pub(crate) fn now_ms() -> i64 {
    Clock::system().now().get()
}

//! Today's server opens a database that an earlier version made and reads every row of it.
//!
//! `tests/fixtures/version-N` is such a database of version N of the schema: an SQL dump with rows in
//! every table, and the key file that opens its names (crates/server/migrations/README.md).

use std::{
    fs,
    path::{Path, PathBuf},
};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::Method;
use sealift_server::{
    Config, NewApiKey, Server, all_stored_keks, audit_export, make_api_key,
    records::{Records, Role, Roles},
};
use sealift_transfer::api::{
    FileList, FileRecord, OpenedUpload, UploadList, UploadState, UploadStatus, Verification, files,
    open, tickets,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use crate::support::{Client, NO_METADATA, PART, SealedFile, Stack, bytes, config_in, now_ms};

/// The newest version of the schema.
const NEWEST: &str = "version-5";
const VERSIONS: [&str; 5] = ["version-1", "version-2", "version-3", "version-4", NEWEST];

const CONTENT: &[u8] = b"what the file holds";

fn folder_of(version: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(version)
}

fn asked(name: &str, token: &str, size: usize) -> Value {
    json!({
        "client_token": token, "name": name, "size": size, "content_type": "text/plain",
        "metadata": { "case": 7 }, "reference": "case 7", "last_modified_ms": 1_000_000_000_000_i64,
    })
}

fn unfinished() -> Value {
    asked("unfinished.txt", "token-of-the-unfinished", PART + 10)
}

#[tokio::test]
async fn a_database_of_every_earlier_version_is_opened_and_its_rows_are_readable() {
    for version in VERSIONS {
        let folder = tempfile::tempdir().unwrap();
        let config = config_in(folder.path(), &[("sweep_seconds", "0")]);
        fs::create_dir_all(&config.data_dir).unwrap();
        fs::create_dir_all(config.key_file.parent().unwrap()).unwrap();
        let dump = fs::read_to_string(folder_of(version).join("records.sql")).unwrap();
        let options = SqliteConnectOptions::new()
            .filename(config.database_file())
            .create_if_missing(true);
        let mut db = options.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(dump))
            .execute(&mut db)
            .await
            .unwrap();
        for table in tables(&mut db).await {
            let rows = format!("SELECT count(*) FROM {table}");
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(rows))
                .fetch_one(&mut db)
                .await
                .unwrap();
            assert!(rows > 0, "{version} has no row in {table}");
        }
        let object = "SELECT s3_key FROM files WHERE state = 'available'";
        let object: String = sqlx::query_scalar(object).fetch_one(&mut db).await.unwrap();
        lay(&config, &object);
        move_to_now(&mut db).await;
        db.close().await.unwrap();
        let key = fs::read(folder_of(version).join("sealift.key")).unwrap();
        write_private(&config.key_file, &key);
        exports_from_the_older_schema(&config).await;

        let server = Server::start(config.clone()).await.unwrap();
        reads_everything(&Client::of(server.address())).await;
        server.shutdown().await;

        let records = Records::open(&config.database_file()).await.unwrap();
        let audit = records.audit_rows(0, 1000).await.unwrap();
        let actions: Vec<_> = audit.iter().map(|entry| entry.action.as_str()).collect();
        for action in [
            "make_api_key",
            "open_upload",
            "delete_file",
            "redeem_ticket",
            "export_key",
        ] {
            assert!(actions.contains(&action), "{version}: {actions:?}");
        }
        let keys = audit.iter().filter(|entry| entry.action == "make_api_key");
        for key in keys {
            let id = key.subject.as_ref().unwrap().parse().unwrap();
            let row = records.api_key(&id).await.unwrap();
            let roles = row.unwrap().roles;
            for role in [Role::Upload, Role::Download, Role::Admin] {
                assert!(roles.has(role), "{roles}");
            }
        }
        records.close().await;
    }
}

/// Exports the keys as the command does, which reads the database and adds to its audit without changing the schema.
async fn exports_from_the_older_schema(config: &Config) {
    let tenant = "local".parse().unwrap();
    let keks = all_stored_keks(config, &tenant).await.unwrap();
    assert!(!keks.is_empty());
    audit_export(config, &tenant, &keks).await.unwrap();
}

async fn reads_everything(client: &Client) {
    let list: FileList = client.get(files::PATH).await.json(200);
    let [file] = &list.files[..] else {
        panic!("one file is there: {list:?}");
    };
    assert_eq!(file.name, "kept.txt");
    assert_eq!(file.unreadable, []);
    assert_eq!(file.metadata, Some(json!({ "case": 7 })));
    assert_eq!(file.reference.as_deref(), Some("case 7"));
    let sha256 = HEXLOWER.encode(&Sha256::digest(CONTENT));
    assert!(
        matches!(&file.verification, Verification::Verified { plaintext_sha256, .. } if *plaintext_sha256 == sha256)
    );
    let status: UploadStatus = client.status(&file.upload_id).await.json(200);
    assert_eq!(status.state, UploadState::Complete);
    let again = asked("kept.txt", "token-of-the-kept-file", CONTENT.len());
    let again: OpenedUpload = client.post(open::PATH, &again).await.json(200);
    assert_eq!(again.file.as_deref(), Some(file));

    let list: UploadList = client.get(open::PATH).await.json(200);
    let [upload] = &list.uploads[..] else {
        panic!("one upload is unfinished: {list:?}");
    };
    assert_eq!(
        (upload.name.as_str(), upload.signed_parts),
        ("unfinished.txt", 2)
    );
    assert_eq!(client.key_again(&upload.upload_id).await.body.len(), 32);
    let again: OpenedUpload = client.post(open::PATH, &unfinished()).await.json(200);
    assert_eq!(again.upload_id, upload.upload_id);
    assert_eq!(client.abort(&upload.upload_id).await.status, 204);

    let link = client.make_ticket(&file.id).await;
    assert_eq!(client.redeem(&link).await.status, 200);
    let path = tickets::path(&link.ticket_id);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.delete(&files::path(&file.id)).await.status, 204);
}

/// Puts an object into the store. Nobody reads its content, but a server refuses a store that has lost the
/// objects of its files.
fn lay(config: &Config, object_key: &str) {
    let folder = config.store_folder();
    let object = folder.join(&config.bucket).join(object_key);
    fs::create_dir_all(object.parent().unwrap()).unwrap();
    fs::write(object, b"sealed").unwrap();
    let coded = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let (bucket, key) = (coded(&config.bucket), coded(object_key));
    let metadata = format!(".bucket-{bucket}.object-{key}.internal.json");
    fs::write(folder.join(metadata), NO_METADATA).unwrap();
}

/// Moves every time in the database to the present, so that the uploads that were open then are open now. A
/// clock in the past would not work, because the store refuses signatures older than a quarter of an hour.
async fn move_to_now(db: &mut sqlx::SqliteConnection) {
    let newest = "SELECT max(at_ms) FROM audit";
    let newest: i64 = sqlx::query_scalar(newest)
        .fetch_one(&mut *db)
        .await
        .unwrap();
    let later_by = now_ms() - newest;
    for table in tables(db).await {
        let times =
            format!("SELECT name FROM pragma_table_info('{table}') WHERE name LIKE '%at_ms'");
        let times: Vec<String> = sqlx::query_scalar(AssertSqlSafe(times))
            .fetch_all(&mut *db)
            .await
            .unwrap();
        for time in times {
            let change = format!("UPDATE {table} SET {time} = {time} + ?");
            let change = sqlx::query(AssertSqlSafe(change)).bind(later_by);
            change.execute(&mut *db).await.unwrap();
        }
    }
}

fn write_private(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

async fn tables(db: &mut sqlx::SqliteConnection) -> Vec<String> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                  ORDER BY rowid";
    sqlx::query_scalar(tables).fetch_all(db).await.unwrap()
}

#[tokio::test]
#[ignore = "no test: writes the fixture of the newest version of the schema"]
async fn write_the_fixture() {
    if std::env::var_os("SEALIFT_WRITE_FIXTURE").is_none() {
        return;
    }
    let stack = Stack::with(&[("sweep_seconds", "0")]).await;
    let client = stack.client();
    let (tenant, owner) = ("acme".parse().unwrap(), "ada".parse().unwrap());
    make_api_key(&stack.config, NewApiKey::of(tenant, owner, Roles::ALL))
        .await
        .unwrap();
    for (name, token) in [
        ("kept.txt", "token-of-the-kept-file"),
        ("deleted.txt", "token-of-the-deleted"),
    ] {
        let asked = asked(name, token, CONTENT.len());
        let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
        let file = SealedFile::seal(opened, CONTENT);
        client.send(&file).await;
        let record: FileRecord = client.complete(&file).await.json(200);
        stack.verified(&record).await;
        let link = client.make_ticket(&record.id).await;
        assert_eq!(client.redeem(&link).await.status, 200);
        if name == "deleted.txt" {
            let deleted = client.delete(&files::path(&record.id)).await;
            assert_eq!(deleted.status, 204);
        }
    }
    let put = client
        .request(Method::PUT, "/upload/by-put.txt")
        .body("hello");
    let put = put.header("accept", "application/json");
    let record: FileRecord = crate::support::Answer::to(put).await.json(201);
    client.delete(&files::path(&record.id)).await;
    let plaintext = bytes(PART + 10);
    let opened: OpenedUpload = client.post(open::PATH, &unfinished()).await.json(201);
    client.send(&SealedFile::seal(opened, &plaintext)).await;
    let aborted = client.open("aborted.txt", &plaintext).await;
    assert_eq!(client.abort(aborted.id()).await.status, 204);

    let folder = folder_of(NEWEST);
    fs::create_dir_all(&folder).unwrap();
    let (config, key) = (
        stack.config.clone(),
        fs::read(&stack.config.key_file).unwrap(),
    );
    stack.server.shutdown().await;
    fs::write(folder.join("sealift.key"), key).unwrap();
    let options = SqliteConnectOptions::new().filename(config.database_file());
    let mut db = options.connect().await.unwrap();
    // The mark in the bucket is no part of the fixture, so the database must not expect it.
    sqlx::raw_sql("UPDATE deployment SET s3_endpoint = NULL, s3_bucket = NULL, s3_prefix = NULL")
        .execute(&mut db)
        .await
        .unwrap();
    fs::write(folder.join("records.sql"), dump(&mut db).await).unwrap();
}

/// Returns the schema and every row as SQL. Indexes and triggers come last, so that no trigger runs while
/// the dump is loaded.
async fn dump(db: &mut sqlx::SqliteConnection) -> String {
    let schema = "SELECT sql || ';' FROM sqlite_schema
                  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND (type = 'table') = ?
                  ORDER BY rowid";
    let mut lines: Vec<String> = sqlx::query_scalar(schema)
        .bind(true)
        .fetch_all(&mut *db)
        .await
        .unwrap();
    for table in tables(db).await {
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(columns))
            .fetch_all(&mut *db)
            .await
            .unwrap();
        let quoted: Vec<String> = columns
            .iter()
            .map(|name| format!("quote({name})"))
            .collect();
        let rows = format!("SELECT {} FROM {table}", quoted.join("||', '||"));
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows))
            .fetch_all(&mut *db)
            .await
            .unwrap();
        let inserted = rows
            .iter()
            .map(|row| format!("INSERT INTO {table} VALUES ({row});"));
        lines.extend(inserted);
    }
    let rest = sqlx::query_scalar::<_, String>(schema).bind(false);
    lines.extend(rest.fetch_all(db).await.unwrap());
    lines.join("\n") + "\n"
}

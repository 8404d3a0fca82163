//! Tests opening and closing the database file.

use core::time::Duration;

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, Row as _, sqlite::SqliteConnectOptions,
};

use super::{add, audited, kept, new_upload, run, upload, upload_id};
use crate::records::{Records, RecordsError, migrate};

#[tokio::test]
async fn a_commit_is_on_the_disk_when_it_returns() {
    let kept = kept().await;
    let pragmas = kept.records.writer.write(|db| {
        Box::pin(async move {
            let journal = db
                .fetch_one("PRAGMA journal_mode")
                .await?
                .get::<String, _>(0);
            let synchronous = db.fetch_one("PRAGMA synchronous").await?.get::<i64, _>(0);
            let fullfsync = db.fetch_one("PRAGMA fullfsync").await?.get::<i64, _>(0);
            let foreign_keys = db.fetch_one("PRAGMA foreign_keys").await?.get::<i64, _>(0);
            Ok((journal, synchronous, fullfsync, foreign_keys))
        })
    });
    // In SQLite's numbers, 2 is FULL.
    assert_eq!(pragmas.await.unwrap(), ("wal".to_owned(), 2, 1, 1));
}

#[tokio::test]
async fn readers_cannot_write() {
    let kept = kept().await;
    let refused = kept.records.readers.execute("DELETE FROM deployment").await;
    assert!(refused.unwrap_err().to_string().contains("readonly"));
}

#[tokio::test]
async fn what_was_kept_is_there_after_opening_again() {
    let kept = kept().await;
    add(&kept.records, new_upload(1)).await;
    kept.records.close().await;
    for _ in 0..2 {
        let again = Records::open(&kept.file).await.unwrap();
        again.check().await.unwrap();
        assert_eq!(upload(&again, 1).await.upload_id, upload_id(1));
        again.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_make_the_file_at_the_same_time_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sealift.db");
    let opening = (0..8).map(|_| {
        let file = file.clone();
        tokio::spawn(async move { Records::open(&file).await })
    });
    let mut opened = Vec::new();
    for records in futures::future::join_all(opening).await {
        opened.push(records.unwrap().unwrap());
    }
    add(&opened[0], new_upload(1)).await;
    for records in &opened {
        assert_eq!(upload(records, 1).await.upload_id, upload_id(1));
    }
}

#[tokio::test]
async fn the_schema_is_brought_up_to_date_by_one_server_at_a_time() {
    let kept = kept().await;
    let impatient = SqliteConnectOptions::new()
        .filename(&kept.file)
        .busy_timeout(Duration::ZERO);
    let mut holder = impatient.connect().await.unwrap();
    let mut other = impatient.connect().await.unwrap();
    let held = holder.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let refused = migrate::up_to_date(&mut other).await.unwrap_err();
    assert!(refused.to_string().contains("locked"), "{refused}");
    held.rollback().await.unwrap();
    migrate::up_to_date(&mut other).await.unwrap();
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() {
    let kept = kept().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum,
                 execution_time) VALUES (9999, 'later', TRUE, x'00', 0)";
    run(&kept.records, newer).await;
    kept.records.close().await;
    let refused = Records::open(&kept.file).await;
    let refused = refused.unwrap_err();
    assert!(refused.is_of_another_version());
    assert!(refused.to_string().contains("newer version"), "{refused}");
}

#[tokio::test]
async fn a_schema_from_before_it_was_settled_is_refused() {
    let kept = kept().await;
    let edited = "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1";
    run(&kept.records, edited).await;
    kept.records.close().await;
    let refused = Records::open(&kept.file).await.unwrap_err();
    assert!(refused.is_of_another_version());
    let sentence = refused.to_string();
    assert!(sentence.contains("empty data folder"), "{sentence}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sealift.db");
    std::fs::write(
        &file,
        "no database, but long enough to look like one".repeat(99),
    )
    .unwrap();
    assert!(matches!(
        Records::open(&file).await,
        Err(RecordsError::Open(_))
    ));
    let nowhere = folder.path().join("missing").join("sealift.db");
    assert!(matches!(
        Records::open(&nowhere).await,
        Err(RecordsError::File(_))
    ));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let kept = kept().await;
    add(&kept.records, new_upload(1)).await;
    for beside in ["", "-wal", "-shm"] {
        let file = format!("{}{beside}", kept.file.display());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn closed_records_are_not_ready() {
    let kept = kept().await;
    kept.records.check().await.unwrap();
    let clone = kept.records.clone();
    kept.records.close().await;
    assert!(matches!(clone.check().await, Err(RecordsError::Closed)));
    let refused = clone.add_upload(new_upload(1), 1, audited()).await;
    assert!(matches!(refused, Err(RecordsError::Closed)));
    assert!(clone.upload(&super::ann(), &upload_id(1)).await.is_err());
}

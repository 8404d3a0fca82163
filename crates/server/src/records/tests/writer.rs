//! Tests the writer, which groups writes. A gate holds one group open, so that the writes queued
//! meanwhile are sure to share the next commit.

use core::time::Duration;

use futures::{FutureExt as _, future::BoxFuture};
use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, Row as _, SqliteConnection, query,
    query_scalar, sqlite::SqliteConnectOptions,
};
use tokio::sync::oneshot;

use super::kept;
use crate::records::{Records, RecordsError};

/// Blocks the writer until the returned sender is used or dropped. Returns once the writer is blocked.
async fn hold(records: &Records) -> oneshot::Sender<()> {
    let (gate, opened) = oneshot::channel();
    let (entered, is_held) = oneshot::channel();
    let writer = records.writer.clone();
    tokio::spawn(async move {
        let held = writer.write(move |_| {
            Box::pin(async move {
                let _ = entered.send(());
                let _ = opened.await;
                Ok(())
            })
        });
        held.await
    });
    is_held.await.unwrap();
    gate
}

/// Returns a write that adds a tenant of this name.
fn tenant<'a>(records: &'a Records, name: &'static str) -> BoxFuture<'a, Result<(), RecordsError>> {
    let work = records
        .writer
        .write(move |db| Box::pin(add_tenant(db, name)));
    work.boxed()
}

async fn add_tenant(db: &mut SqliteConnection, name: &'static str) -> sqlx::Result<()> {
    let add = query("INSERT INTO tenants (tenant, made_at_ms) VALUES ($1, 0)").bind(name);
    db.execute(add).await?;
    Ok(())
}

/// Returns the tenants that are committed.
async fn tenants(records: &Records) -> Vec<String> {
    let names = query_scalar("SELECT tenant FROM tenants ORDER BY tenant");
    names.fetch_all(&records.readers).await.unwrap()
}

/// Queues the write. It belongs to the next group when this returns.
fn queue<'a, T>(
    mut write: BoxFuture<'a, Result<T, RecordsError>>,
) -> BoxFuture<'a, Result<T, RecordsError>> {
    assert!(write.as_mut().now_or_never().is_none());
    write
}

#[tokio::test]
async fn writes_that_wait_together_share_one_commit_and_are_answered_after_it() {
    let kept = kept().await;
    let gate = hold(&kept.records).await;
    let mut first = queue(tenant(&kept.records, "first"));
    let readers = kept.records.readers.clone();
    let second = queue(
        kept.records
            .writer
            .write(move |db| {
                Box::pin(async move {
                    let count = "SELECT count(*) FROM tenants";
                    let here: i64 = db.fetch_one(count).await?.get(0);
                    let committed: i64 = readers.fetch_one(count).await?.get(0);
                    Ok((here, committed))
                })
            })
            .boxed(),
    );
    assert!(first.as_mut().now_or_never().is_none());
    drop(gate);
    assert_eq!(second.await.unwrap(), (1, 0));
    first.await.unwrap();
    assert_eq!(tenants(&kept.records).await, ["first"]);
}

#[tokio::test]
async fn a_failed_write_spoils_nothing_of_its_neighbours() {
    let kept = kept().await;
    let gate = hold(&kept.records).await;
    let before = queue(tenant(&kept.records, "before"));
    let failing = kept.records.writer.write(|db| {
        Box::pin(async move {
            add_tenant(db, "half").await?;
            add_tenant(db, "before").await
        })
    });
    let failing = queue(failing.boxed());
    let after = queue(tenant(&kept.records, "after"));
    drop(gate);
    let failed = failing.await.unwrap_err();
    assert!(matches!(failed, RecordsError::Database(_)), "{failed}");
    before.await.unwrap();
    after.await.unwrap();
    assert_eq!(tenants(&kept.records).await, ["after", "before"]);
}

#[tokio::test]
async fn a_lost_commit_is_told_to_everybody_and_the_next_one_passes() {
    let kept = kept().await;
    let gate = hold(&kept.records).await;
    let before = queue(tenant(&kept.records, "before"));
    // SQLite itself does this when the disk is full.
    let ends = kept
        .records
        .writer
        .write(|db| Box::pin(async move { db.execute("ROLLBACK").await.map(drop) }));
    let ends = queue(ends.boxed());
    let after = queue(tenant(&kept.records, "after"));
    drop(gate);
    for lost in [before.await, ends.await, after.await] {
        let lost = lost.unwrap_err();
        assert!(matches!(lost, RecordsError::NotCommitted(_)), "{lost}");
    }
    assert!(tenants(&kept.records).await.is_empty());
    tenant(&kept.records, "later").await.unwrap();
    assert_eq!(tenants(&kept.records).await, ["later"]);
}

#[tokio::test]
async fn a_full_disk_fails_the_write_that_fills_it_and_leaves_the_rest() {
    let kept = kept().await;
    tenant(&kept.records, "kept").await.unwrap();
    let too_much = kept.records.writer.write(|db| {
        Box::pin(async move {
            db.execute("PRAGMA max_page_count = 1").await?;
            let fill = "UPDATE tenants SET records_key_blob = randomblob(1000000)";
            db.execute(fill).await.map(drop)
        })
    });
    assert!(too_much.await.is_err());
    assert_eq!(tenants(&kept.records).await, ["kept"]);
    kept.records.check().await.unwrap();
}

#[tokio::test]
async fn a_write_is_done_also_if_nobody_waits_any_more() {
    let kept = kept().await;
    let gate = hold(&kept.records).await;
    drop(queue(tenant(&kept.records, "gone")));
    drop(gate);
    tenant(&kept.records, "here").await.unwrap();
    assert_eq!(tenants(&kept.records).await, ["gone", "here"]);
}

#[tokio::test]
async fn closing_keeps_what_waits() {
    let kept = kept().await;
    let gate = hold(&kept.records).await;
    let waiting = queue(tenant(&kept.records, "waiting"));
    let closing = kept.records.clone();
    let mut closing = closing.close().boxed();
    assert!(closing.as_mut().now_or_never().is_none());
    drop(gate);
    closing.await;
    waiting.await.unwrap();
    let again = Records::open(&kept.file).await.unwrap();
    assert_eq!(tenants(&again).await, ["waiting"]);
}

#[tokio::test]
async fn a_write_locks_other_processes_out_from_its_beginning() {
    let kept = kept().await;
    let impatient = SqliteConnectOptions::new()
        .filename(&kept.file)
        .busy_timeout(Duration::ZERO);
    let mut other = impatient.connect().await.unwrap();
    let gate = hold(&kept.records).await;
    let refused = other.begin_with("BEGIN IMMEDIATE").await.map(drop);
    let refused = refused.unwrap_err();
    assert!(refused.to_string().contains("locked"));
    // Clients are told that this error is temporary.
    assert!(RecordsError::Database(refused).is_unavailable());
    // A connection with a longer timeout waits and then writes.
    let file = kept.file.clone();
    let patient = tokio::spawn(async move {
        let patient = Records::open(&file).await?;
        tenant(&patient, "patient").await
    });
    drop(gate);
    patient.await.unwrap().unwrap();
    assert_eq!(tenants(&kept.records).await, ["patient"]);
}

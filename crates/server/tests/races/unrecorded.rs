//! Objects and multipart uploads that no record knows (docs/FORMAT.md, R11): those of other people, and those
//! that a restore of the database lost.

use std::{fs, path::PathBuf};

use sealift_server::{
    SweepCount, SweepKind,
    objects::{ObjectKey, Objects},
};
use sealift_transfer::api::{FileRecord, UploadId};

use crate::{
    pair::{Deployment, Pair, age, two_parts},
    support::{DAY_MS, bytes},
};

/// Puts an object that no record knows under an object key as ours have.
async fn stray(both: &Deployment, n: u8, days: u64) -> PathBuf {
    let id = UploadId::from_random([n; 16]);
    old(both, &format!("sealift/local/{id}/{id}"), days).await
}

async fn old(both: &Deployment, object_key: &str, days: u64) -> PathBuf {
    let object = both.put(object_key, b"whose?").await;
    age(&object, days);
    object
}

fn found_and_done(count: SweepCount) -> (u64, u64) {
    assert_eq!(count.failed, 0);
    (count.found, count.done)
}

#[tokio::test]
async fn what_no_record_knows_is_reported_first_and_removed_a_day_later() {
    let pair = Pair::start().await;
    let old = stray(&pair.both, 1, 32).await;
    let young = stray(&pair.both, 2, 29).await;
    let report = pair.one.sweep().await;
    let objects = report.of(SweepKind::UnrecordedObject);
    assert_eq!(found_and_done(objects), (1, 0));
    assert!(old.exists() && young.exists());
    // The bucket is listed once a day, by one of the servers.
    assert!(pair.two.sweep().await.is_empty());
    assert!(old.exists());
    pair.two.later_by(DAY_MS);
    let report = pair.two.sweep().await;
    let objects = report.of(SweepKind::UnrecordedObject);
    assert_eq!(found_and_done(objects), (1, 1));
    assert!(!old.exists() && young.exists());
}

#[tokio::test]
async fn what_is_not_surely_ours_is_never_touched() {
    let pair = Pair::start().await;
    let id = UploadId::from_random([3; 16]);
    let foreign = [
        format!("another/local/{id}/{id}"),
        "sealift/readme.txt".to_owned(),
        format!("sealift/local/{id}/backup"),
        format!("{id}"),
    ];
    let mut all = Vec::new();
    for key in foreign {
        all.push(old(&pair.both, &key, 400).await);
    }
    // The object of a recorded file stays, however old it is.
    let kept = pair.one.client().upload("a", &bytes(10)).await;
    let object = pair.both.object_of(&kept.upload_id).await;
    age(&object, 400);
    all.push(object);
    for day in 0..3 {
        let report = pair.one.sweep().await;
        assert!(report.is_empty(), "day {day}: {report}");
        pair.one.later_by(DAY_MS);
    }
    for object in all {
        assert!(object.exists(), "{}", object.display());
    }
}

fn mark_of(both: &Deployment) -> PathBuf {
    let bucket = both.config.store_folder().join(&both.config.bucket);
    bucket.join("sealift/sealift.deployment")
}

#[tokio::test]
async fn a_prefix_that_is_not_marked_as_this_deployments_is_only_reported() {
    for other_deployment in [false, true] {
        let pair = Pair::start().await;
        let mark = mark_of(&pair.both);
        if other_deployment {
            fs::write(&mark, "0123456789abcdef0123456789abcdef").unwrap();
        } else {
            fs::remove_file(&mark).unwrap();
        }
        let old = stray(&pair.both, 1, 32).await;
        for _ in 0..3 {
            let report = pair.one.sweep().await;
            let objects = report.of(SweepKind::UnrecordedObject);
            assert_eq!(found_and_done(objects), (1, 0));
            pair.one.later_by(DAY_MS);
        }
        assert!(old.exists());
    }
}

/// Begins a multipart upload that no record knows.
async fn stray_multipart(objects: &Objects, n: u8) {
    let id = UploadId::from_random([n; 16]);
    let object_key = ObjectKey::from_record(format!("sealift/local/{id}/{id}"));
    objects.create_multipart(&object_key).await.unwrap();
}

#[tokio::test]
async fn multipart_uploads_that_no_record_knows_are_aborted_when_they_are_old() {
    let pair = Pair::start().await;
    let objects = pair.both.objects().await;
    stray_multipart(&objects, 1).await;
    let count = async || objects.unfinished_multiparts().await.unwrap().len();
    pair.one.later_by(29 * DAY_MS);
    for day in [29, 30] {
        let report = pair.one.sweep().await;
        assert!(report.is_empty(), "day {day}: {report}");
        pair.one.later_by(DAY_MS);
    }
    // The sweeper has already reported once, that there is nothing, so the next sweep may remove.
    assert_eq!(count().await, 1);
    // The multipart upload began a little after the clock of the server was set.
    pair.one.later_by(60_000);
    let report = pair.one.sweep().await;
    let multiparts = report.of(SweepKind::UnrecordedMultipart);
    assert_eq!(found_and_done(multiparts), (1, 1));
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn an_object_that_came_after_its_tombstone_was_swept_is_removed() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    assert_eq!(one.abort(file.id()).await.status, 204);
    pair.one.later_by(DAY_MS);
    pair.one.sweep().await;
    let object = pair.both.put_late(file.id()).await;
    pair.one.later_by(DAY_MS);
    let report = pair.one.sweep().await;
    assert_eq!(found_and_done(report.of(SweepKind::LateObject)), (1, 1));
    assert!(!object.exists());

    // This is half an object, whose sender died. The store lists it but does not return it.
    fs::write(&object, b"half").unwrap();
    pair.one.later_by(DAY_MS);
    let report = pair.one.sweep().await;
    assert_eq!(found_and_done(report.of(SweepKind::LateObject)), (1, 1));
    assert!(!object.exists());
}

#[tokio::test]
async fn after_a_restore_what_was_made_since_the_backup_is_reported_before_it_goes() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let before = one.upload("before the backup", &bytes(10)).await;
    pair.one.sweep().await;
    let after: FileRecord = one.upload("after it", &bytes(10)).await;
    let object = pair.both.object_of(&after.upload_id).await;
    // The database becomes as it was at the backup.
    for table in [
        "DELETE FROM files WHERE file_id = (SELECT file_id FROM uploads ORDER BY opened_at_ms DESC, rowid DESC LIMIT 1)",
        "DELETE FROM parts WHERE upload_id NOT IN (SELECT upload_id FROM files)",
        "DELETE FROM uploads WHERE upload_id NOT IN (SELECT upload_id FROM files)",
    ] {
        pair.both.change(table).await;
    }
    pair.both.begin_new_epoch().await;
    pair.one.later_by(32 * DAY_MS);
    let report = pair.one.sweep().await;
    assert_eq!(
        found_and_done(report.of(SweepKind::UnrecordedObject)),
        (1, 0)
    );
    assert!(object.exists());
    pair.one.later_by(DAY_MS);
    pair.one.sweep().await;
    assert!(!object.exists());
    assert_eq!(one.content(&before.id).await.body, bytes(10));
}

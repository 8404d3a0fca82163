//! Signatures at the same time as sweeps, aborts and deletions that end the upload.

use sealift_server::SweepKind;
use sealift_transfer::api::{FileRecord, ProblemCode, UploadState};

use crate::{
    gate::{Call, Side},
    pair::{Pair, two_parts},
    support::{DAY_MS, bytes},
};

const HOUR_MS: i64 = 60 * 60 * 1000;

#[tokio::test]
async fn nothing_is_signed_once_an_abort_has_begun() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut aborting = pair.both.gate.hold(Call::AbortMultipart, Side::Request);
    let (aborted, signed) = tokio::join!(two.abort(file.id()), async {
        aborting.arrived().await;
        let signed = one.sign(file.id(), &file.receipts()).await;
        aborting.release();
        signed
    });
    signed.refused(ProblemCode::UploadNotOpen);
    assert_eq!(aborted.status, 204);
    pair.both.expect_nothing_stored(file.id()).await;
}

#[tokio::test]
async fn nothing_is_signed_once_a_sweeper_has_begun() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    let mut aborting = pair.both.gate.hold(Call::AbortMultipart, Side::Request);
    pair.two.later_by(8 * DAY_MS);
    // By the first server's clock the upload has not expired.
    let (report, signed) = tokio::join!(pair.two.sweep(), async {
        aborting.arrived().await;
        let signed = one.sign(file.id(), &file.receipts()).await;
        aborting.release();
        signed
    });
    signed.refused(ProblemCode::UploadNotOpen);
    let expired = report.of(SweepKind::Expired);
    assert_eq!((expired.found, expired.done, expired.failed), (1, 1, 0));
    pair.both.expect_nothing_stored(file.id()).await;
}

#[tokio::test]
async fn a_signature_keeps_an_upload_from_a_sweeper_for_another_week() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    let signed = one.sign_all(&file).await;
    pair.two.later_by(6 * DAY_MS);
    assert!(pair.two.sweep().await.is_empty());
    // Six days pass by the second server's clock.
    pair.two.client().sign_all(&file).await;
    pair.two.later_by(6 * DAY_MS);
    assert!(pair.two.sweep().await.is_empty());
    for (signed, part) in signed.iter().zip(&file.parts) {
        assert_eq!(one.send_part(signed, part.clone()).await, 200);
    }
    one.complete(&file).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn a_put_that_comes_after_the_abort_is_removed_when_no_other_can_come() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &bytes(10)).await;
    let signed = one.sign_all(&file).await;
    assert_eq!(one.abort(file.id()).await.status, 204);
    // The signature of a single PUT cannot be revoked, so the object is there again.
    assert_eq!(one.send_part(&signed[0], file.object()).await, 200);
    let object = pair.both.object_of(file.id()).await;
    assert!(object.exists());

    // Another PUT may still arrive.
    pair.two.later_by(HOUR_MS);
    pair.two.sweep().await;
    assert!(object.exists());
    pair.two.later_by(HOUR_MS / 4);
    let report = pair.two.sweep().await;
    let swept = report.of(SweepKind::Tombstone);
    assert_eq!((swept.found, swept.done, swept.failed), (1, 1, 0));
    // Every sweep looks at the tombstone, so this one finds the object without the daily list.
    assert_eq!(report.of(SweepKind::LateObject).found, 0);
    assert!(!object.exists());
    assert!(pair.two.sweep().await.is_empty());
    let status = one.status(file.id()).await;
    let status: sealift_transfer::api::UploadStatus = status.json(200);
    assert_eq!(
        (status.state, status.name.as_str()),
        (UploadState::Aborted, "")
    );
}

#[tokio::test]
async fn a_put_that_comes_after_the_deletion_is_removed_too() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &bytes(10)).await;
    let signed = one.sign_all(&file).await;
    assert_eq!(one.send_part(&signed[0], file.object()).await, 200);
    one.complete(&file).await.json::<FileRecord>(200);
    let path = sealift_transfer::api::files::path(file.file_id());
    assert_eq!(one.delete(&path).await.status, 204);
    assert_eq!(one.send_part(&signed[0], file.object()).await, 200);
    let object = pair.both.object_of(file.id()).await;
    assert!(object.exists());
    pair.two.later_by(HOUR_MS + HOUR_MS / 4);
    let report = pair.two.sweep().await;
    let swept = report.of(SweepKind::Tombstone);
    assert_eq!((swept.found, swept.done, swept.failed), (1, 1, 0));
    // Every sweep looks at the tombstone, so this one finds the object without the daily list.
    assert_eq!(report.of(SweepKind::LateObject).found, 0);
    assert!(!object.exists());
}

#[tokio::test]
async fn an_object_that_a_late_join_made_of_an_aborted_upload_is_removed_too() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    one.sign_all(&file).await;
    assert_eq!(one.abort(file.id()).await.status, 204);
    let object = pair.both.put_late(file.id()).await;
    pair.two.later_by(HOUR_MS + HOUR_MS / 4);
    let report = pair.two.sweep().await;
    assert_eq!(report.of(SweepKind::Tombstone).done, 1, "{report}");
    assert_eq!(report.of(SweepKind::LateObject).found, 0);
    assert!(!object.exists());
}

//! Aborts and deletions at the same time, and those that were cut off.

use sealift_server::SweepKind;
use sealift_transfer::api::{FileRecord, ProblemCode, UploadState, files};

use crate::{
    gate::{Call, Side},
    pair::{Pair, two_parts},
    support::bytes,
};

#[tokio::test]
async fn two_that_abort_the_same_upload_both_succeed() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut aborting = pair.both.gate.hold(Call::AbortMultipart, Side::Answer);
    let (first, second) = tokio::join!(one.abort(file.id()), async {
        aborting.arrived().await;
        let second = two.abort(file.id()).await;
        aborting.release();
        second
    });
    assert_eq!((first.status, second.status), (204, 204));
    assert_eq!(pair.both.state(file.id()).await, UploadState::Aborted);
    pair.both.expect_nothing_stored(file.id()).await;
}

#[tokio::test]
async fn an_abort_and_a_sweeper_end_the_same_upload_once() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    let mut aborting = pair.both.gate.hold(Call::AbortMultipart, Side::Request);
    let (aborted, report) = tokio::join!(one.abort(file.id()), async {
        aborting.arrived().await;
        let report = pair.two.sweep().await;
        aborting.release();
        report
    });
    assert_eq!(aborted.status, 204);
    let ended = report.of(SweepKind::Aborting);
    assert_eq!((ended.found, ended.done, ended.failed), (1, 1, 0));
    assert_eq!(pair.both.state(file.id()).await, UploadState::Aborted);
    pair.both.expect_nothing_stored(file.id()).await;
}

#[tokio::test]
async fn an_abort_that_did_not_reach_the_store_is_finished_by_a_sweeper() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    for plaintext in [two_parts(), bytes(10)] {
        let file = one.open("a", &plaintext).await;
        one.send(&file).await;
        let call = if file.parts.len() == 1 {
            Call::Delete
        } else {
            Call::AbortMultipart
        };
        let mut aborting = pair.both.gate.hold(call, Side::Request);
        let (aborted, ()) = tokio::join!(one.abort(file.id()), async {
            aborting.arrived().await;
            aborting.refuse();
        });
        aborted.refused(ProblemCode::RefusedByStore);
        assert_eq!(pair.both.state(file.id()).await, UploadState::Aborting);
        let report = pair.two.sweep().await;
        assert_eq!(report.of(SweepKind::Aborting).done, 1, "{report}");
        assert_eq!(pair.both.state(file.id()).await, UploadState::Aborted);
        pair.both.expect_nothing_stored(file.id()).await;
    }
}

#[tokio::test]
async fn a_deletion_that_did_not_reach_the_store_is_finished_by_a_sweeper() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let record: FileRecord = one.complete(&file).await.json(200);
    let mut deleting = pair.both.gate.hold(Call::Delete, Side::Request);
    let path = files::path(&record.id);
    let (deleted, ()) = tokio::join!(one.delete(&path), async {
        deleting.arrived().await;
        deleting.refuse();
    });
    deleted.refused(ProblemCode::RefusedByStore);
    pair.expect_files(0).await;
    let report = pair.two.sweep().await;
    assert_eq!(report.of(SweepKind::Deleting).done, 1, "{report}");
    pair.both.expect_nothing_stored(file.id()).await;
}

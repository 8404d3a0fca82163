//! Sweepers at work, one alone and two at the same time.

use std::time::Duration;

use sealift_server::{SweepCount, SweepKind};
use sealift_transfer::api::{FileRecord, ProblemCode, UploadId, UploadState};

use crate::{
    gate::{Call, Side},
    pair::{Pair, two_parts, until},
    support::{DAY_MS, bytes},
};

fn all_done(found: u64) -> SweepCount {
    SweepCount {
        found,
        done: found,
        failed: 0,
    }
}

#[tokio::test]
async fn expired_uploads_are_aborted_and_the_others_stay() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let multipart = one.open("a", &two_parts()).await;
    let single = one.open("b", &bytes(10)).await;
    for file in [&multipart, &single] {
        one.send(file).await;
    }
    pair.one.later_by(3 * DAY_MS);
    let younger = one.open("c", &bytes(10)).await;
    pair.one.later_by(5 * DAY_MS);
    let report = pair.one.sweep().await;
    assert_eq!(report.of(SweepKind::Expired), all_done(2), "{report}");
    for file in [&multipart, &single] {
        assert_eq!(pair.both.state(file.id()).await, UploadState::Aborted);
        pair.both.expect_nothing_stored(file.id()).await;
        let late = one.sign(file.id(), &file.receipts()).await;
        late.refused(ProblemCode::UploadNotOpen);
    }
    assert_eq!(pair.both.state(younger.id()).await, UploadState::Open);
}

#[tokio::test]
async fn after_a_restore_every_open_upload_is_aborted_and_new_ones_go_on() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let older = one.open("a", &two_parts()).await;
    one.send(&older).await;
    pair.both.begin_new_epoch().await;
    let refused = one.sign(older.id(), &older.receipts()).await;
    refused.refused(ProblemCode::UploadExpired);
    let younger = one.open("b", &two_parts()).await;
    let report = pair.two.sweep().await;
    assert_eq!(report.of(SweepKind::Expired), all_done(1), "{report}");
    assert_eq!(pair.both.state(older.id()).await, UploadState::Aborted);
    one.send(&younger).await;
    one.complete(&younger).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn two_sweepers_end_in_one_state() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    for server in [&pair.one, &pair.two] {
        server.later_by(8 * DAY_MS);
    }
    let mut aborting = pair.both.gate.hold(Call::AbortMultipart, Side::Request);
    let (first, second) = tokio::join!(pair.one.sweep(), async {
        aborting.arrived().await;
        let second = pair.two.sweep().await;
        aborting.release();
        second
    });
    // The first sweeper began the abort, and the second one finished it.
    let done = [first.of(SweepKind::Expired), second.of(SweepKind::Aborting)];
    assert_eq!(done.map(|count| count.done), [0, 1]);
    assert_eq!(done.map(|count| count.failed), [0, 0]);
    assert_eq!(pair.both.state(file.id()).await, UploadState::Aborted);
    pair.both.expect_nothing_stored(file.id()).await;
}

#[tokio::test]
async fn one_upload_that_cannot_be_ended_does_not_keep_the_others() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    for name in ["a", "b", "c"] {
        one.open(name, &two_parts()).await;
    }
    pair.two.later_by(8 * DAY_MS);
    let mut aborting = pair.both.gate.hold(Call::AbortMultipart, Side::Request);
    let (report, ()) = tokio::join!(pair.two.sweep(), async {
        aborting.arrived().await;
        aborting.refuse();
    });
    let expired = report.of(SweepKind::Expired);
    assert_eq!((expired.found, expired.done, expired.failed), (3, 2, 1));
    // The same sweep ends the refused one as an abort that was cut off.
    assert_eq!(report.of(SweepKind::Aborting), all_done(1), "{report}");
    assert_eq!(report.of(SweepKind::LateMultipart), SweepCount::default());
}

#[tokio::test]
async fn a_completion_that_was_cut_off_before_the_join_is_open_again() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    for plaintext in [two_parts(), bytes(10)] {
        let file = one.open("a", &plaintext).await;
        if file.parts.len() > 1 {
            one.send(&file).await;
        }
        pair.both
            .change(
                "UPDATE uploads SET state = 'completing', completing_by = zeroblob(16),
                     completing_until_ms = 0 WHERE state = 'open'",
            )
            .await;
        let report = pair.two.sweep().await;
        assert_eq!(report.of(SweepKind::Abandoned), all_done(1), "{report}");
        assert_eq!(pair.both.state(file.id()).await, UploadState::Open);
        one.send(&file).await;
        one.complete(&file).await.json::<FileRecord>(200);
    }
}

#[tokio::test]
async fn a_completion_that_a_sweeper_ends_is_audited_whatever_its_end() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    for (is_right, state, outcome) in [
        (true, UploadState::Complete, "ok"),
        (false, UploadState::Failed, "upload_failed"),
    ] {
        let file = one.open("a", &bytes(10)).await;
        if is_right {
            one.send(&file).await;
        } else {
            one.sign_all(&file).await;
            pair.both.put_late(file.id()).await;
        }
        let cut_off = "UPDATE uploads SET state = 'completing', completing_by = zeroblob(16),
             completing_until_ms = 0 WHERE state = 'open'";
        pair.both.change(cut_off).await;
        pair.two.sweep().await;
        assert_eq!(pair.both.state(file.id()).await, state);
        let audited = "SELECT coalesce(max(outcome), '') FROM audit
             WHERE subject = ? AND action = 'complete_upload' AND via = 'sweeper'";
        assert_eq!(pair.both.text(audited, file.id().as_str()).await, outcome);
    }
}

#[tokio::test]
async fn a_start_takes_up_what_was_cut_off_and_then_looks_again_and_again() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let cut_off = async |name| {
        let file = one.open(name, &two_parts()).await;
        let state = "UPDATE uploads SET state = 'aborting' WHERE state = 'open'";
        pair.both.change(state).await;
        file
    };
    let is_aborted = async |upload: &UploadId| {
        let state = pair.both.state(upload).await;
        state == UploadState::Aborted
    };
    let first = cut_off("a").await;
    let third = pair.both.serve_sweeping(Duration::from_secs(300)).await;
    until(async || is_aborted(first.id()).await).await;
    let second = cut_off("b").await;
    let looks_again = async || {
        // The next sweep comes at the latest six fifths of the interval after the one before, which may
        // still run.
        third.later_by(361 * 1000);
        is_aborted(second.id()).await
    };
    until(looks_again).await;
}

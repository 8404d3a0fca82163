//! Completions at the same time as other completions, and as everything that would end the upload.

use sealift_server::objects::ObjectKey;
use sealift_transfer::api::{FileRecord, ProblemCode, UploadState, UploadStatus};

use crate::{
    gate::{Call, Side},
    pair::{Pair, two_parts, until},
    support::{DAY_MS, SealedFile, bytes},
};

#[tokio::test]
async fn while_one_server_completes_another_does_not() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    // One file has two parts, the other is a single PUT.
    let files = [
        (two_parts(), Call::CompleteMultipart),
        (bytes(10), Call::Head),
    ];
    for (count, (plaintext, call)) in (1..).zip(files) {
        let file = one.open("a", &plaintext).await;
        one.send(&file).await;
        let mut asking = pair.both.gate.hold(call, Side::Request);
        let (first, second) = tokio::join!(one.complete(&file), async {
            asking.arrived().await;
            let second = two.complete(&file).await;
            asking.release();
            second
        });
        second.refused(ProblemCode::Completing);
        let first: FileRecord = first.json(200);
        let again: FileRecord = two.complete(&file).await.json(200);
        assert_eq!(again, first);
        pair.expect_files(count).await;
        assert!(two.content(&first.id).await.body == plaintext);
    }
}

#[tokio::test]
async fn an_upload_that_is_being_joined_is_not_aborted() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut joining = pair.both.gate.hold(Call::CompleteMultipart, Side::Request);
    let (completed, aborted) = tokio::join!(one.complete(&file), async {
        joining.arrived().await;
        let aborted = two.abort(file.id()).await;
        joining.release();
        aborted
    });
    aborted.refused(ProblemCode::UploadNotOpen);
    completed.json::<FileRecord>(200);
    pair.expect_files(1).await;
}

#[tokio::test]
async fn an_upload_that_is_aborted_while_it_is_looked_at_is_not_completed() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    // The first server knows that all parts are there. Then the second one aborts the upload.
    let mut listing = pair.both.gate.hold(Call::ListParts, Side::Answer);
    let (completed, aborted) = tokio::join!(one.complete(&file), async {
        listing.arrived().await;
        let aborted = two.abort(file.id()).await;
        listing.release();
        aborted
    });
    assert_eq!(aborted.status, 204);
    completed.refused(ProblemCode::Completing);
    // Clients ask again by themselves, and then get the final answer.
    let again = one.complete(&file).await;
    again.refused(ProblemCode::UploadNotOpen);
    assert_eq!(pair.both.state(file.id()).await, UploadState::Aborted);
    pair.both.expect_nothing_stored(file.id()).await;
    pair.expect_files(0).await;
}

#[tokio::test]
async fn a_sweeper_leaves_a_running_completion_alone() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut joining = pair.both.gate.hold(Call::CompleteMultipart, Side::Request);
    let (completed, report) = tokio::join!(one.complete(&file), async {
        joining.arrived().await;
        let report = pair.two.sweep().await;
        joining.release();
        report
    });
    assert!(report.is_empty(), "{report}");
    completed.json::<FileRecord>(200);
}

#[tokio::test]
async fn what_the_store_has_joined_a_sweeper_completes_also_when_the_upload_has_expired() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let plaintext = two_parts();
    let file = one.open("a", &plaintext).await;
    one.send(&file).await;
    let mut joined = pair.both.gate.hold(Call::CompleteMultipart, Side::Answer);
    // By the second server's clock, the first one has been silent for eight days.
    pair.two.later_by(8 * DAY_MS);
    let (completed, _) = tokio::join!(one.complete(&file), async {
        joined.arrived().await;
        pair.two.sweep().await;
        assert_eq!(pair.both.state(file.id()).await, UploadState::Complete);
        joined.release();
    });
    let record: FileRecord = completed.json(200);
    pair.expect_files(1).await;
    assert!(one.content(&record.id).await.body == plaintext);
}

#[tokio::test]
async fn what_the_store_has_not_joined_expires_and_the_late_completion_changes_nothing() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut joining = pair.both.gate.hold(Call::CompleteMultipart, Side::Request);
    pair.two.later_by(8 * DAY_MS);
    let (completed, _) = tokio::join!(one.complete(&file), async {
        joining.arrived().await;
        pair.two.sweep().await;
        assert_eq!(pair.both.state(file.id()).await, UploadState::Aborted);
        joining.release();
    });
    completed.refused(ProblemCode::Completing);
    assert_eq!(pair.both.state(file.id()).await, UploadState::Aborted);
    pair.both.expect_nothing_stored(file.id()).await;
    pair.expect_files(0).await;
}

#[tokio::test]
async fn a_join_that_ends_while_it_is_looked_for_makes_the_file() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let plaintext = two_parts();
    let file = one.open("a", &plaintext).await;
    one.send(&file).await;
    let gate = &pair.both.gate;
    // The server gets an error and finds no object. Only then does the store join the parts.
    let mut joining = gate.hold(Call::CompleteMultipart, Side::Late);
    let mut absent = gate.hold(Call::Head, Side::Answer);
    let (completed, ()) = tokio::join!(one.complete(&file), async {
        joining.arrived().await;
        absent.arrived().await;
        joining.release();
        joined(&pair, &file).await;
        absent.release();
    });
    let record: FileRecord = completed.json(200);
    pair.expect_files(1).await;
    assert!(one.content(&record.id).await.body == plaintext);
}

#[tokio::test]
async fn an_upload_that_was_opened_again_before_its_join_ended_is_complete_when_asked() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut joining = pair.both.gate.hold(Call::CompleteMultipart, Side::Late);
    let completed = one.complete(&file).await;
    completed.refused(ProblemCode::RefusedByStore);
    joining.arrived().await;
    assert_eq!(pair.both.state(file.id()).await, UploadState::Open);
    joining.release();
    joined(&pair, &file).await;
    let status: UploadStatus = two.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Complete);
    let record: FileRecord = one.complete(&file).await.json(200);
    assert_eq!(status.file.map(|file| *file), Some(record));
}

#[tokio::test]
async fn an_open_upload_of_which_the_store_knows_nothing_has_failed_when_asked() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let objects = pair.both.objects().await;
    for multipart in objects.unfinished_multiparts().await.unwrap() {
        let aborted = objects.abort_multipart(&multipart.key, &multipart.s3_upload_id);
        aborted.await.unwrap();
    }
    let status: UploadStatus = two.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Failed);
}

/// Waits until the store has joined the parts to the object and no longer keeps them.
async fn joined(pair: &Pair, file: &SealedFile) {
    let objects = pair.both.objects().await;
    let key = "SELECT s3_key FROM uploads WHERE upload_id = ?";
    let key = ObjectKey::from_record(pair.both.text(key, file.id().as_str()).await);
    until(async || objects.head(&key, None).await.unwrap().is_some()).await;
    until(async || objects.unfinished_multiparts().await.unwrap().is_empty()).await;
}

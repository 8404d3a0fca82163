//! The lease of a completion. A server keeps it while the store takes long, and loses it when the server
//! falls silent.

use std::sync::Arc;

use sealift_transfer::api::{FileRecord, ProblemCode, UploadState};
use tokio::task::JoinHandle;

use crate::{
    gate::{Call, Instead, Side},
    pair::{Pair, two_parts, until},
    support::{Answer, Client, SealedFile},
};

const SECOND_MS: i64 = 1000;

const LEASE_END: &str = "SELECT CAST(completing_until_ms AS TEXT) FROM uploads WHERE upload_id = ?";

#[tokio::test]
async fn a_join_that_takes_longer_than_a_lease_keeps_it() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut joining = pair.both.gate.hold(Call::CompleteMultipart, Side::Request);
    let (completed, ()) = tokio::join!(one.complete(&file), async {
        joining.arrived().await;
        let mut end = pair.both.text(LEASE_END, file.id().as_str()).await;
        // Six steps of 20 seconds are two minutes, twice the length of a lease.
        for _ in 0..6 {
            pair.one.later_by(20 * SECOND_MS);
            until(async || pair.both.text(LEASE_END, file.id().as_str()).await != end).await;
            end = pair.both.text(LEASE_END, file.id().as_str()).await;
            pair.two.later_by(20 * SECOND_MS);
            let elsewhere = two.complete(&file).await;
            elsewhere.refused(ProblemCode::Completing);
        }
        joining.release();
    });
    completed.json::<FileRecord>(200);
}

#[tokio::test]
async fn a_server_that_has_fallen_silent_is_followed_by_another_and_both_answer_the_same() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut joining = pair.both.gate.hold(Call::CompleteMultipart, Side::Request);
    let (first, second) = tokio::join!(one.complete(&file), async {
        joining.arrived().await;
        // A minute passes in which the first server, whose clock stands still, does not renew its lease.
        pair.two.later_by(59 * SECOND_MS);
        two.complete(&file).await.refused(ProblemCode::Completing);
        pair.two.later_by(2 * SECOND_MS);
        let second = two.complete(&file).await;
        joining.release();
        second
    });
    let second: FileRecord = second.json(200);
    assert_eq!(first.json::<FileRecord>(200), second);
    pair.expect_files(1).await;
}

/// Completes the upload in a task of its own, so that the test can wait for several.
fn completing(client: &Client, file: &Arc<SealedFile>) -> JoinHandle<Answer> {
    let (client, file) = (client.clone(), Arc::clone(file));
    tokio::spawn(async move { client.complete(&file).await })
}

#[tokio::test]
async fn whoever_lost_the_lease_does_not_fail_what_another_is_completing() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = Arc::new(one.open("a", &two_parts()).await);
    one.send(&file).await;
    let gate = &pair.both.gate;
    let mut lost = gate.hold(Call::CompleteMultipart, Side::Request);
    let mut absent = gate.hold(Call::Head, Side::Answer);
    let mut present = gate.hold(Call::Head, Side::Answer);

    // The first server's join never reaches the store. The server looks for the object, which is absent,
    // and falls silent before it gets that answer.
    let first = completing(&one, &file);
    lost.arrived().await;
    lost.refuse();
    absent.arrived().await;
    // The second server takes over and has the store join the parts.
    pair.two.later_by(61 * SECOND_MS);
    let second = completing(&two, &file);
    present.arrived().await;
    // Now the first server goes on. It saw no object, and now it sees no parts.
    absent.release();
    first.await.unwrap().refused(ProblemCode::Completing);
    assert_eq!(pair.both.state(file.id()).await, UploadState::Completing);
    present.release();
    second.await.unwrap().json::<FileRecord>(200);
}

#[tokio::test]
async fn where_the_object_could_not_be_looked_at_the_next_request_takes_over_at_once() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let file = Arc::new(one.open("a", &two_parts()).await);
    one.send(&file).await;
    let page = Instead {
        status: 404,
        headers: &[],
        body: "",
    };
    pair.both.gate.answer(Call::Head, page);
    let first = one.complete(&file).await;
    first.refused(ProblemCode::StoreUnavailable);
    assert_eq!(pair.both.state(file.id()).await, UploadState::Completing);
    pair.both.gate.open();
    two.complete(&file).await.json::<FileRecord>(200);
    pair.expect_files(1).await;
}

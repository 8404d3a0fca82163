//! The deployment's mark: two servers raise it at once, and a store refuses it.

use std::{fs, path::PathBuf};

use sealift_server::objects::{Mark, Reached};

use crate::{
    gate::{Call, Instead, Side},
    pair::{Deployment, Pair, until},
    support::bytes,
};

const MINUTE_MS: i64 = 60_000;

fn mark_file(both: &Deployment) -> PathBuf {
    let bucket = both.config.store_folder().join(&both.config.bucket);
    bucket.join("sealift/sealift.deployment")
}

fn reached(both: &Deployment) -> Reached {
    let mark: Mark = serde_json::from_slice(&fs::read(mark_file(both)).unwrap()).unwrap();
    mark.reached
}

#[tokio::test]
async fn a_server_that_raises_the_mark_late_does_not_lower_it() {
    let pair = Pair::start().await;
    let before = reached(&pair.both).high_water;
    pair.one.client().open("a", &bytes(10)).await;
    let mut late = pair.both.gate.hold(Call::PutMark, Side::Request);
    pair.one.later_by(MINUTE_MS);
    late.arrived().await;
    pair.two.client().open("b", &bytes(10)).await;
    let mut early = pair.both.gate.hold(Call::PutMark, Side::Answer);
    pair.two.later_by(MINUTE_MS);
    // The store has written the mark, and its own note about it.
    early.arrived().await;
    early.release();
    assert_eq!(reached(&pair.both).high_water, before + 2);
    // The server finds the mark replaced, reads it again, and has nothing to add.
    let mut again = pair.both.gate.hold(Call::PutMark, Side::Request);
    late.release();
    pair.one.client().open("c", &bytes(10)).await;
    until(async || {
        pair.one.later_by(MINUTE_MS);
        tokio::task::yield_now().await;
        again.has_arrived()
    })
    .await;
    assert_eq!(reached(&pair.both).high_water, before + 2);
    again.release();
    until(async || reached(&pair.both).high_water == before + 3).await;
}

/// A server that finds the mark replaced compares again, because the other server may know more.
#[tokio::test]
async fn a_server_whose_mark_was_replaced_notices_that_its_database_is_older() {
    let pair = Pair::start().await;
    pair.one.client().open("a", &bytes(10)).await;
    let mut late = pair.both.gate.hold(Call::PutMark, Side::Request);
    pair.one.later_by(MINUTE_MS);
    late.arrived().await;
    pair.two.client().open("b", &bytes(10)).await;
    pair.both
        .change("UPDATE deployment SET high_water = high_water + 100")
        .await;
    let mut early = pair.both.gate.hold(Call::PutMark, Side::Answer);
    pair.two.later_by(MINUTE_MS);
    // The store has taken it, the notes about it included.
    early.arrived().await;
    early.release();
    pair.both
        .change("UPDATE deployment SET high_water = high_water - 100")
        .await;
    late.release();
    // The clock of this server stands still, so no other comparison follows.
    until(async || pair.one.client().get("/readyz").await.status != 200).await;
}

/// A refusal that the server does not answer with a plain PUT.
const REFUSED: Instead = Instead {
    status: 403,
    headers: &[],
    body: "<Error><Code>AccessDenied</Code></Error>",
};

#[tokio::test]
async fn a_store_that_does_not_take_the_mark_holds_up_no_upload_and_no_start() {
    let pair = Pair::start().await;
    let before = reached(&pair.both).high_water;
    let one = pair.one.client();
    one.open("a", &bytes(10)).await;
    let mut held = pair.both.gate.hold(Call::PutMark, Side::Request);
    pair.one.later_by(MINUTE_MS);
    held.arrived().await;
    // Uploads go on while the store does not answer, and after it has refused.
    one.upload("b", &bytes(10)).await;
    pair.both.gate.answer(Call::PutMark, REFUSED);
    held.refuse();
    one.upload("c", &bytes(10)).await;
    let third = pair.both.serve(false).await;
    third.client().upload("d", &bytes(10)).await;
    assert_eq!(reached(&pair.both).high_water, before);
    pair.both.gate.open();
    until(async || {
        pair.one.later_by(MINUTE_MS);
        reached(&pair.both).high_water > before
    })
    .await;
    assert_eq!(one.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_running_server_that_cannot_read_the_mark_is_not_read_only() {
    let pair = Pair::start().await;
    for name in ["a", "b"] {
        let mut held = pair.both.gate.hold(Call::GetMark, Side::Request);
        until(async || {
            pair.one.later_by(MINUTE_MS);
            tokio::task::yield_now().await;
            held.has_arrived()
        })
        .await;
        // The comparison before this one is finished; it was refused. A read-only server opens no upload.
        pair.one.client().open(name, &bytes(10)).await;
        held.refuse();
    }
}

#[tokio::test]
async fn a_server_that_starts_beside_one_that_writes_is_not_read_only() {
    let pair = Pair::start().await;
    for name in ["a", "b"] {
        // The first server writes and raises the mark while the third is about to read it.
        let mut held = pair.both.gate.hold(Call::GetMark, Side::Request);
        let raised = async {
            held.arrived().await;
            let before = reached(&pair.both).high_water;
            pair.one.client().open(name, &bytes(10)).await;
            until(async || {
                pair.one.later_by(MINUTE_MS);
                reached(&pair.both).high_water > before
            })
            .await;
            held.release();
        };
        let (third, ()) = tokio::join!(pair.both.serve(false), raised);
        assert_eq!(third.client().get("/readyz").await.status, 200);
        third.client().open(name, &bytes(10)).await;
    }
}

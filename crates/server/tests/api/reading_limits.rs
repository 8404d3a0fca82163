//! Limits on reads: how many one caller may have at once, and for how long a reader may stand still.

use http::{Method, header};
use sealift_server::{Clock, records::Roles};
use sealift_transfer::api::{FileRecord, ProblemCode, files};

use crate::support::{Answer, Client, Stack, bytes};

/// Bytes of a file, more than a connection buffers, so that the end of the answer waits for the reader.
const LARGE: usize = 32 * 1024 * 1024;

/// Begins a read and does not continue it.
async fn begin(client: &Client, file: &FileRecord) -> reqwest::Response {
    let request = client.request(Method::GET, &files::content_path(&file.id));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer
}

#[tokio::test]
async fn one_owner_reads_so_many_files_at_once_and_others_do_not_wait_for_it() {
    let stack = Stack::with(&[("auth", "api-keys"), ("limit_reads", "2")]).await;
    let ann = stack.login("acme", "ann", Roles::ALL).await;
    let bob = stack.login("acme", "bob", Roles::ALL).await;
    let large = ann.upload("large", &bytes(LARGE)).await;
    let small = ann.upload("small", b"small").await;
    let bobs = bob.upload("bobs", b"small").await;

    let first = begin(&ann, &large).await;
    let second = begin(&ann, &large).await;
    let path = files::content_path(&small.id);
    let refused = ann.get(&path).await;
    let problem = refused.refused(ProblemCode::TooManyReads);
    assert_eq!(problem.numbers["most"], 2);
    assert_eq!(refused.header(header::RETRY_AFTER), "2");
    // An answer without content needs no permit.
    let head = Answer::to(ann.request(Method::HEAD, &path)).await;
    assert_eq!(head.status, 200);
    let known = ann.get_with(&path, "if-none-match", "*").await;
    assert_eq!(known.status, 304);
    assert_eq!(bob.content(&bobs.id).await.status, 200);

    // A reader that hangs up frees its permit as soon as the server notices.
    drop(first);
    while ann.content(&small.id).await.status == 429 {}
    // A reader that reads to the end frees its permit too.
    assert_eq!(second.bytes().await.unwrap().len(), LARGE);
    let [_third, _fourth] = [begin(&ann, &large).await, begin(&ann, &large).await];
}

#[tokio::test]
async fn a_read_that_is_refused_or_fails_makes_room_again() {
    let stack = Stack::with(&[("limit_reads", "1")]).await;
    let client = stack.client();
    // The damaged last frame holds only the last byte. It does not arrive with the first bytes, so the
    // answer has begun before the server finds the damage.
    let file = client.upload("damaged", &bytes(LARGE + 1)).await;
    let good = client.upload("good", &bytes(100)).await;
    crate::support::alter(&stack.object_of(&file), -1);
    for _ in 0..3 {
        let path = files::content_path(&file.id);
        let last = client.get_with(&path, "range", "bytes=-1").await;
        last.refused(ProblemCode::ObjectDamaged);
        let whole = client.request(Method::GET, &path);
        assert!(Answer::or_broken(whole).await.is_err());
    }
    while client.content(&good.id).await.status == 429 {}
}

#[tokio::test]
async fn all_owners_together_read_so_many_files_at_once() {
    let stack = Stack::with(&[("auth", "api-keys"), ("limit_all_reads", "1")]).await;
    let ann = stack.login("acme", "ann", Roles::ALL).await;
    let bob = stack.login("acme", "bob", Roles::ALL).await;
    let large = ann.upload("large", &bytes(LARGE)).await;
    let bobs = bob.upload("bobs", b"small").await;
    let first = begin(&ann, &large).await;
    let refused = bob.get(&files::content_path(&bobs.id)).await;
    let problem = refused.refused(ProblemCode::TooManyReads);
    assert_eq!(problem.numbers["most"], 1);
    assert_eq!(refused.header(header::RETRY_AFTER), "2");
    drop(first);
    while bob.content(&bobs.id).await.status == 429 {}
}

/// The longest time that a reader may stand still.
const STANDSTILL_MS: i64 = 5 * 60 * 1000;

#[tokio::test]
async fn a_reader_that_stands_still_loses_its_permit() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let stack = Stack::at(clock, &[("limit_reads", "1")]).await;
    let client = stack.client();
    let large = client.upload("large", &bytes(LARGE)).await;
    let small = client.upload("small", b"small").await;
    let standing = begin(&client, &large).await;
    assert_eq!(client.content(&small.id).await.status, 429);
    // The time counts from the moment when the connection was full, which the test cannot see.
    while client.content(&small.id).await.status == 429 {
        hand.forward(STANDSTILL_MS);
    }
    assert!(standing.bytes().await.is_err());
}

#[tokio::test]
async fn a_reader_that_stands_still_does_not_keep_the_server_from_stopping() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let stack = Stack::at(clock, &[]).await;
    let client = stack.client();
    let large = client.upload("large", &bytes(LARGE)).await;
    let _standing = begin(&client, &large).await;
    let mut stopping = tokio::spawn(stack.server.shutdown());
    loop {
        tokio::select! {
            biased;
            stopped = &mut stopping => break stopped.unwrap(),
            () = tokio::task::yield_now() => hand.forward(STANDSTILL_MS),
        }
    }
}

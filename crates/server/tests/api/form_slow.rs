//! Bodies that come slowly: what they may hold, and for how long.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use futures::stream;
use http::{Method, header};
use sealift_server::{Clock, records::Roles};
use sealift_transfer::api::{ProblemCode, UploadId, open};
use tokio::sync::mpsc;

use crate::support::{
    Answer, Client, PART, Stack, bytes,
    forms::{Part, post_form, put_file},
    now_ms,
    sealing::{new_token, request},
};

/// A body that goes on when the test says so.
pub(crate) struct Slow {
    pieces: mpsc::UnboundedSender<Result<Bytes, std::io::Error>>,
    pub(crate) answer: tokio::task::JoinHandle<Result<Answer, reqwest::Error>>,
}

impl Slow {
    /// Two parts are sealed, and there is more to come.
    pub(crate) async fn begin(stack: &Stack) -> (Self, UploadId) {
        Self::begin_as(&stack.client(), stack).await
    }

    async fn begin_as(client: &Client, stack: &Stack) -> (Self, UploadId) {
        let (pieces, to_come) = mpsc::unbounded_channel();
        let body = stream::unfold(to_come, |mut to_come| async {
            let piece = to_come.recv().await?;
            Some((piece, to_come))
        });
        let request = client.request(Method::PUT, "/upload/slow");
        let request = request.body(reqwest::Body::wrap_stream(body));
        let slow = Self {
            pieces,
            answer: tokio::spawn(Answer::or_broken(request)),
        };
        slow.send(&bytes(2 * PART + 1));
        let id = parts_kept(stack, 2).await;
        // The store has both: whatever comes after is the test's doing.
        let [_, noted] = stack.part_files(&id, 2).await;
        while !noted.exists() {
            tokio::task::yield_now().await;
        }
        (slow, id)
    }

    pub(crate) fn send(&self, piece: &[u8]) {
        self.pieces.send(Ok(Bytes::copy_from_slice(piece))).unwrap();
    }

    pub(crate) async fn end(self) -> Answer {
        drop(self.pieces);
        self.answer.await.unwrap().unwrap()
    }
}

/// Waits until the one upload has so many part rows; its id.
pub(crate) async fn parts_kept(stack: &Stack, count: i64) -> UploadId {
    let parts = "SELECT count(*) FROM parts WHERE upload_id <> ?";
    while stack.number(parts, "").await < count {
        tokio::task::yield_now().await;
    }
    let id = stack.text("SELECT upload_id FROM uploads WHERE upload_id <> ?", "");
    id.await.parse().unwrap()
}

pub(crate) async fn state_of(stack: &Stack, id: &UploadId) -> String {
    let state = "SELECT state FROM uploads WHERE upload_id = ?";
    stack.text(state, id.as_str()).await
}

pub(crate) async fn wait_for_state(stack: &Stack, id: &UploadId, state: &str) {
    while state_of(stack, id).await != state {
        tokio::task::yield_now().await;
    }
}

/// Nothing of it is in the store.
pub(crate) fn expect_nothing_stored(stack: &Stack) {
    let nothing: [std::path::PathBuf; 0] = [];
    assert_eq!(stack.files_of_store(), nothing);
}

#[tokio::test]
async fn a_body_that_stalls_for_a_minute_is_ended() {
    let (clock, hand) = Clock::by_hand(now_ms());
    let stack = Stack::at(clock, &[("sweep_seconds", "0")]).await;
    let (slow, id) = Slow::begin(&stack).await;
    hand.forward(59_000);
    slow.send(b"still here");
    // Whoever waits by the hand may not have begun to wait when it is moved.
    while state_of(&stack, &id).await == "open" {
        hand.forward(60_000);
        tokio::task::yield_now().await;
    }
    let answer = slow.answer.await.unwrap().unwrap();
    let problem = answer.refused(ProblemCode::InvalidRequest);
    assert!(problem.detail.contains("minute"), "{}", problem.detail);
    wait_for_state(&stack, &id, "aborted").await;
    expect_nothing_stored(&stack);
}

#[tokio::test]
async fn a_body_that_trickles_is_ended() {
    let now = Arc::new(AtomicI64::new(now_ms()));
    let shown = Arc::clone(&now);
    let clock = Clock::from_fn(move || shown.load(Ordering::SeqCst));
    let stack = Stack::at(clock, &[("sweep_seconds", "0")]).await;
    let (slow, id) = Slow::begin(&stack).await;
    // A byte every fifty seconds: never silent for a minute.
    while state_of(&stack, &id).await == "open" {
        now.fetch_add(50_000, Ordering::SeqCst);
        slow.send(b"a");
    }
    let answer = slow.answer.await.unwrap().unwrap();
    let problem = answer.refused(ProblemCode::InvalidRequest);
    assert!(problem.detail.contains("slow"), "{}", problem.detail);
    wait_for_state(&stack, &id, "aborted").await;
    expect_nothing_stored(&stack);
}

#[tokio::test]
async fn one_owner_leaves_half_of_the_places_to_others() {
    let settings = [("auth", "api-keys"), ("limit_form_uploads", "2")];
    let stack = Stack::with(&settings).await;
    let ada = stack.login("acme", "ada", Roles::ALL).await;
    let bob = stack.login("acme", "bob", Roles::ALL).await;
    let (slow, _) = Slow::begin_as(&ada, &stack).await;
    let refused = put_file(&ada, "/upload/a", b"a").await;
    refused.refused(ProblemCode::TooManyRequests);
    assert_ne!(refused.header(header::RETRY_AFTER), "");
    assert_eq!(put_file(&bob, "/upload/b", b"b").await.status, 201);
    assert_eq!(slow.end().await.status, 201);
    assert_eq!(put_file(&ada, "/upload/a", b"a").await.status, 201);
}

#[tokio::test]
async fn so_many_are_sealed_at_once_and_an_owner_has_so_many_open() {
    let stack = Stack::with(&[("limit_form_uploads", "1")]).await;
    let client = stack.client();
    let (slow, _) = Slow::begin(&stack).await;
    let refused = put_file(&client, "/upload/a", b"a").await;
    refused.refused(ProblemCode::TooManyRequests);
    assert_ne!(refused.header(header::RETRY_AFTER), "");
    let part = Part::file("f", "a", b"a");
    let refused = post_form(&client, std::slice::from_ref(&part)).await;
    refused.refused(ProblemCode::TooManyRequests);
    assert_eq!(slow.end().await.status, 201);
    assert_eq!(post_form(&client, &[part]).await.status, 201);

    let stack = Stack::with(&[("limit_open_uploads", "1")]).await;
    let client = stack.client();
    let open_one = request(&new_token(), "a", 1);
    client
        .post(open::PATH, &open_one)
        .await
        .json::<serde_json::Value>(201);
    let refused = put_file(&client, "/upload/a", b"a").await;
    let problem = refused.refused(ProblemCode::TooManyRequests);
    assert_eq!(problem.numbers["most_open"], 1);

    let stack = Stack::with(&[("limit_opens", "1")]).await;
    let client = stack.client();
    assert_eq!(put_file(&client, "/upload/a", b"a").await.status, 201);
    let refused = put_file(&client, "/upload/a", b"a").await;
    refused.refused(ProblemCode::TooManyRequests);
}

//! Bodies that arrive slowly: how much memory they may hold, and for how long.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use futures::stream;
use http::{Method, header};
use sealift_server::{Clock, ClockHand, UnixMillis, records::Roles};
use sealift_transfer::api::{ProblemCode, UploadId, open};
use tokio::sync::mpsc;

use crate::support::{
    Answer, Client, PART, Stack, bytes,
    forms::{Part, form, put_file},
    now_ms,
    sealing::{new_token, request},
};

/// An upload whose body continues only when the test sends more.
pub(crate) struct Slow {
    pieces: mpsc::UnboundedSender<Result<Bytes, std::io::Error>>,
    pub(crate) answer: tokio::task::JoinHandle<Result<Answer, reqwest::Error>>,
}

impl Slow {
    /// Begins an upload. On return two parts are sealed, and the body has not ended.
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
        // Wait until the store has both parts, so that only the test itself changes anything afterwards.
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

/// Waits until the only upload has `count` part rows, and returns its id.
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

/// Expects that the store holds nothing of the upload.
pub(crate) fn expect_nothing_stored(stack: &Stack) {
    let nothing: [std::path::PathBuf; 0] = [];
    assert_eq!(stack.files_of_store(), nothing);
}

#[tokio::test]
async fn a_body_that_stalls_for_a_minute_is_ended() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let stack = Stack::at(clock, &[("sweep_seconds", "0")]).await;
    let (slow, id) = Slow::begin(&stack).await;
    hand.forward(59_000);
    slow.send(b"still here");
    // The server may not have begun to wait when the clock moves, so the clock moves again and again.
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
    let clock = Clock::from_fn(move || UnixMillis::from_ms(shown.load(Ordering::SeqCst)));
    let stack = Stack::at(clock, &[("sweep_seconds", "0")]).await;
    let (slow, id) = Slow::begin(&stack).await;
    // A byte arrives every fifty seconds, so the sender is never silent for a minute.
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
async fn one_owner_leaves_half_of_the_memory_to_others() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let settings = [
        ("auth", "api-keys"),
        ("sweep_seconds", "0"),
        ("limit_sealing_memory", "2MiB"),
    ];
    let stack = Stack::at(clock, &settings).await;
    let ada = stack.login("acme", "ada", Roles::ALL).await;
    let bob = stack.login("acme", "bob", Roles::ALL).await;
    // The body does not announce its length, so it takes all memory that ada may have.
    let (slow, _) = Slow::begin_as(&ada, &stack).await;
    expect_busy_for_a_while(&hand, &ada, &slow).await;
    assert_eq!(put_file(&bob, "/upload/b", b"b").await.status, 201);
    assert_eq!(slow.end().await.status, 201);
    assert_eq!(put_file(&ada, "/upload/a", b"a").await.status, 201);
}

/// Expects that a file and a form wait for memory until the clock has moved by half a minute, and are then
/// refused.
async fn expect_busy(hand: &ClockHand, client: &Client) {
    let part = Part::file("f", "a", b"a");
    let (content_type, body) = form(std::slice::from_ref(&part));
    for request in [
        client.request(Method::PUT, "/upload/a").body("a"),
        client
            .request(Method::POST, "/upload")
            .header(header::CONTENT_TYPE, content_type)
            .body(body),
    ] {
        let answer = tokio::spawn(Answer::to(request));
        let mut seconds = 0;
        while !answer.is_finished() {
            hand.forward(1_000);
            seconds += 1;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
        assert!(seconds >= 30, "{seconds}");
        let refused = answer.await.unwrap();
        refused.refused(ProblemCode::TooManyRequests);
        assert_eq!(refused.header(header::RETRY_AFTER), "5");
    }
}

#[tokio::test]
async fn a_body_waits_half_a_minute_for_memory_and_is_then_refused() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let settings = [("sweep_seconds", "0"), ("limit_sealing_memory", "1MiB")];
    let stack = Stack::at(clock, &settings).await;
    let client = stack.client();
    let (slow, _) = Slow::begin(&stack).await;
    let kept = "SELECT count(*) FROM uploads WHERE upload_id <> ?";
    let before = stack.number(kept, "").await;
    // The sender has been silent for only a second and has its own minute, so it is not ended.
    hand.forward(1_000);
    slow.send(b"still here");
    expect_busy_for_a_while(&hand, &client, &slow).await;
    assert_eq!(stack.number(kept, "").await, before);
    // A body that is still waiting when the memory becomes free is served.
    let waits = client.request(Method::PUT, "/upload/a").body("a");
    let waits = tokio::spawn(Answer::to(waits));
    assert_eq!(slow.end().await.status, 201);
    assert_eq!(waits.await.unwrap().status, 201);
}

/// Expects the same as [`expect_busy`] while the slow sender keeps sending.
async fn expect_busy_for_a_while(hand: &ClockHand, client: &Client, slow: &Slow) {
    tokio::select! {
        () = expect_busy(hand, client) => {}
        () = async {
            loop {
                slow.send(b"still here");
                tokio::task::yield_now().await;
            }
        } => {}
    }
}

/// By the machine's clock, which stands for no test.
const PATIENCE: core::time::Duration = core::time::Duration::from_secs(60);

#[tokio::test]
async fn a_server_that_stops_lets_nobody_wait_for_memory() {
    let (clock, _hand) = Clock::by_hand(Clock::system().now());
    let settings = [("sweep_seconds", "0"), ("limit_sealing_memory", "1MiB")];
    let stack = Stack::at(clock, &settings).await;
    let (slow, _) = Slow::begin(&stack).await;
    // The request waits for memory once the server has read its head. The test cannot see that, so the
    // connection may also be refused.
    let waits = stack.client().request(Method::PUT, "/upload/a").body("a");
    let waits = tokio::spawn(Answer::or_broken(waits));
    let stopped = tokio::time::timeout(PATIENCE, stack.server.shutdown()).await;
    stopped.expect("a server that stops waits for a body that does not come");
    let answers = [slow.answer, waits];
    for answer in answers {
        if let Ok(answer) = answer.await.unwrap() {
            answer.refused(ProblemCode::ShuttingDown);
        }
    }
}

#[tokio::test]
async fn an_owner_has_so_many_open_and_opens_so_many_a_minute() {
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

#[tokio::test]
async fn what_is_sealed_here_does_not_count_as_open() {
    let stack = Stack::with(&[("limit_open_uploads", "1")]).await;
    let client = stack.client();
    // The row of an upload exists from its first part on.
    let (slow, _) = Slow::begin(&stack).await;
    assert_eq!(put_file(&client, "/upload/a", b"a").await.status, 201);
    let open_one = request(&new_token(), "a", 1);
    client
        .post(open::PATH, &open_one)
        .await
        .json::<serde_json::Value>(201);
    assert_eq!(slow.end().await.status, 201);
}

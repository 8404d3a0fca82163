//! A client that is refused can read the reason, even while it is still sending.

use sealift_server::{Clock, records::Roles};
use sealift_transfer::api::ProblemCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    form_slow::{parts_kept, wait_for_state},
    support::{
        Client, PART, Stack, bytes,
        forms::{Part, form},
    },
};

/// Bytes of a body, more than the sockets on both sides hold.
const LEN: usize = 12 * 1024 * 1024;

/// Sends a whole request with this request line and these headers before it reads the answer. Clients
/// that do not use `Expect: 100-continue` do the same.
async fn answer_to(stack: &Stack, client: &Client, line: &str, headers: &str) -> String {
    let address = stack.server.address();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Length: {LEN}\r\n{headers}\r\n",
        client.api_key()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let sent = socket.write_all(&bytes(LEN)).await;
    let mut answer = String::new();
    let read = socket.read_to_string(&mut answer).await;
    assert!(sent.is_ok() && read.is_ok(), "{line}: {sent:?} {read:?}");
    answer
}

#[tokio::test]
async fn who_is_refused_before_anything_was_read_reads_why() {
    let settings = [("auth", "api-keys"), ("limit_file", "1MiB")];
    let stack = Stack::with(&settings).await;
    let ada = stack.login("acme", "ada", Roles::ALL).await;
    let reader = "download".parse().unwrap();
    let reader = stack.login("acme", "reader", reader).await;
    let (content_type, _) = form(&[]);
    let of_form = format!("Content-Type: {content_type}\r\n");
    let too_large = ProblemCode::FileTooLarge;
    let unreadable = ProblemCode::InvalidRequest;
    for (client, line, headers, code) in [
        (&ada, "PUT /upload/a", "", too_large),
        (&ada, "POST /upload", of_form.as_str(), too_large),
        (
            &ada,
            "PUT /upload/a",
            "Content-Range: bytes 5-5/6\r\n",
            unreadable,
        ),
        (&ada, "PUT /upload/%07", "", ProblemCode::InvalidName),
        (&ada, "POST /upload", "", ProblemCode::UnsupportedMediaType),
        (&reader, "PUT /upload/a", "", ProblemCode::Forbidden),
        (&reader, "POST /upload", &of_form, ProblemCode::Forbidden),
    ] {
        let answer = answer_to(&stack, client, line, headers).await;
        let status = format!("HTTP/1.1 {}", code.status());
        assert!(answer.starts_with(&status), "{line}: {answer}");
        assert!(answer.contains(code.as_str()), "{line}: {answer}");
    }
    stack.expect_no_upload().await;
}

#[tokio::test]
async fn who_gets_no_slot_reads_that() {
    let settings = [("auth", "api-keys"), ("limit_opens", "1")];
    let stack = Stack::with(&settings).await;
    let ada = stack.login("acme", "ada", Roles::ALL).await;
    for code in ["201", "429"] {
        let answer = answer_to(&stack, &ada, "PUT /upload/a", "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {code}")), "{answer}");
    }
}

#[tokio::test]
async fn who_asks_before_it_sends_is_refused_without_being_asked_to_send() {
    let stack = Stack::with(&[("limit_file", "1MiB")]).await;
    let address = stack.server.address();
    let (content_type, _) = form(&[]);
    for line in ["PUT /upload/a", "POST /upload"] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {LEN}\r\n\
             Content-Type: {content_type}\r\nExpect: 100-continue\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
}

#[tokio::test]
async fn a_form_that_stands_still_when_it_is_refused_is_ended() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let stack = Stack::at(clock, &[("sweep_seconds", "0")]).await;
    let address = stack.server.address();
    let first = Part::file("f", "a", &bytes(2 * PART + 1));
    let (content_type, body) = form(&[first, Part::file("g", "b", b"2")]);
    let mut socket = TcpStream::connect(address).await.unwrap();
    // Two files have arrived, and the body has not ended.
    let len = body.len() + 100;
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {len}\r\nContent-Type: {content_type}\r\n\r\n"
    );
    let sent = [head.as_bytes(), &body].concat();
    socket.write_all(&sent).await.unwrap();
    let id = parts_kept(&stack, 2).await;
    wait_for_state(&stack, &id, "aborted").await;
    let answer = tokio::spawn(async move {
        let mut answer = String::new();
        let read = socket.read_to_string(&mut answer).await;
        read.map(|_| answer)
    });
    while !answer.is_finished() {
        hand.forward(20_000);
        tokio::task::yield_now().await;
    }
    let answer = answer.await.unwrap().unwrap();
    assert!(answer.contains("not_one_file"), "{answer}");
}

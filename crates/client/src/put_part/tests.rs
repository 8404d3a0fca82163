use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use sealift_transfer::{PartNumber, api::SignedPart};
use tokio::net::TcpListener;

use super::*;
use crate::raw_server::{answer, play};

const SECRET: &str = "5ecret5ignature";

/// Returns the listener of a store, and a signed part that it would accept.
async fn listen() -> (TcpListener, SignedPart) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let signed = SignedPart {
        number: PartNumber::FIRST,
        url: format!("http://127.0.0.1:{port}/bucket/a?X-Amz-Signature={SECRET}"),
        headers: BTreeMap::from([("x-amz-checksum-sha256".into(), "abc=".into())]),
        expires_at_ms: 0,
        expires_in_ms: None,
    };
    (listener, signed)
}

fn client() -> Client {
    let key = crate::ApiKey::parse("sealift_a_b").unwrap();
    Client::new("http://localhost:1", Some(key)).unwrap()
}

fn everything_of(error: &RequestError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut next = core::error::Error::source(error);
    while let Some(cause) = next {
        text += &format!(" {cause} {cause:?}");
        next = cause.source();
    }
    text
}

#[tokio::test]
async fn a_part_is_sent_whole_with_its_length_and_without_the_api_key() {
    let (listener, signed) = listen().await;
    let sealed: Bytes = (0..300_000_u32).map(|i| i.to_be_bytes()[3]).collect();
    let answer = answer("200 OK\r\n", "");
    let store = play(listener, vec![answer]);
    client().put_part(&signed, sealed.clone()).await.unwrap();
    let asked = store.await.unwrap().remove(0);
    assert_eq!(asked.body, sealed);
    let head = asked.head;
    assert!(head.starts_with("put /bucket/a?x-amz-signature="), "{head}");
    assert!(head.contains("\r\ncontent-length: 300000\r\n"), "{head}");
    assert!(
        head.contains("\r\nx-amz-checksum-sha256: abc=\r\n"),
        "{head}"
    );
    for unwanted in [
        "authorization",
        "transfer-encoding",
        "content-type",
        "expect",
    ] {
        assert!(!head.contains(unwanted), "{head}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_stores_code_and_nothing_else_of_its_body() {
    let (listener, signed) = listen().await;
    let body = "<Error><Code>SlowDown</Code><Resource>/5ecret5ignature</Resource></Error>";
    let answer = answer("503 Slow Down\r\nretry-after: 3\r\n", body);
    let store = play(listener, vec![answer]);
    let error = client()
        .put_part(&signed, Bytes::from_static(b"a"))
        .await
        .unwrap_err();
    store.await.unwrap();
    let RequestError::StoreRefused {
        status: 503,
        code,
        retry_after_ms: Some(3_000),
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(code, "SlowDown");
    assert!(!everything_of(&error).contains(SECRET));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, _) = listen().await;
    let port = elsewhere.local_addr().unwrap().port();
    let (listener, signed) = listen().await;
    let head = format!("307 Temporary Redirect\r\nlocation: http://127.0.0.1:{port}/\r\n");
    let answer = answer(&head, "");
    let store = play(listener, vec![answer]);
    let error = client()
        .put_part(&signed, Bytes::from_static(b"a"))
        .await
        .unwrap_err();
    store.await.unwrap();
    assert!(
        matches!(error, RequestError::StoreRefused { status: 307, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_store_that_takes_nothing_more_is_noticed() {
    let (_listener, signed) = listen().await;
    let mut client = client();
    client.patience.stall = Duration::from_millis(20);
    // This is more than the system buffers while nobody reads.
    let sealed = Bytes::from(vec![0; 64 * 1024 * 1024]);
    let error = client.put_part(&signed, sealed).await.unwrap_err();
    assert!(
        matches!(
            error,
            RequestError::NoAnswer {
                peer: Peer::Store,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        everything_of(&error).contains("nothing happened"),
        "{error:?}"
    );
}

#[tokio::test]
async fn no_error_and_no_log_holds_the_signature() {
    let logs = Logs::default();
    // The subscriber is for the whole process, so that it also gets the logs of libraries that use
    // `log`.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(logs.clone())
        .init();
    // The store no longer listens.
    let (listener, signed) = listen().await;
    drop(listener);
    let error = client()
        .put_part(&signed, Bytes::from_static(b"a"))
        .await
        .unwrap_err();
    // The address is not valid.
    let broken = SignedPart {
        url: format!("http://[/?X-Amz-Signature={SECRET}"),
        ..signed.clone()
    };
    let unsendable = client()
        .put_part(&broken, Bytes::from_static(b"a"))
        .await
        .unwrap_err();
    assert!(
        matches!(unsendable, RequestError::Unsendable { .. }),
        "{unsendable:?}"
    );
    // The store answers.
    let (listener, signed) = listen().await;
    let answer = answer("200 OK\r\n", "");
    let store = play(listener, vec![answer]);
    client()
        .put_part(&signed, Bytes::from_static(b"a"))
        .await
        .unwrap();
    store.await.unwrap();
    for text in [
        everything_of(&error),
        everything_of(&unsendable),
        logs.text(),
    ] {
        assert!(!text.is_empty());
        assert!(!text.contains(SECRET), "{text}");
        assert!(!text.contains("sealift_a_b"), "{text}");
    }
}

#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> tracing_subscriber::fmt::MakeWriter<'w> for Logs {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[test]
fn only_a_plain_code_is_taken_from_a_stores_answer() {
    assert_eq!(
        code_of("<Error><Code>NoSuchUpload</Code></Error>"),
        Some("NoSuchUpload")
    );
    assert_eq!(code_of("<Error><Code>a=b&c</Code></Error>"), None);
    assert_eq!(code_of("Bad Gateway"), None);
}

//! A client that sends its whole body before it reads anything, as Python's urllib does, can read why it
//! was refused. The refusal comes from the server before any handler, or from the embedded store.

use core::net::SocketAddr;

use sealift_server::{ApiKey, records::Roles};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::support::{Stack, bytes};

/// Bytes of a body, more than the sockets on both sides hold.
const LARGE: usize = 12 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

#[derive(Debug, Clone, Copy)]
enum Framing {
    Length,
    Chunked,
}

impl Framing {
    fn header(self, len: usize) -> String {
        match self {
            Self::Length => format!("Content-Length: {len}\r\n"),
            Self::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
        }
    }

    fn body(self, len: usize) -> Vec<u8> {
        let body = bytes(len);
        let Self::Chunked = self else {
            return body;
        };
        let mut chunks = Vec::with_capacity(len + len / 1000 + 16);
        for chunk in body.chunks(CHUNK) {
            chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            chunks.extend_from_slice(chunk);
            chunks.extend_from_slice(b"\r\n");
        }
        chunks.extend_from_slice(b"0\r\n\r\n");
        chunks
    }
}

/// Reads the next answer of this connection: its status, head and body.
async fn answer(socket: &mut BufReader<TcpStream>) -> (u16, String, String) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = socket.read_line(&mut head).await.unwrap();
        assert_ne!(read, 0, "the connection ended within a head: {head}");
    }
    let head = head.to_lowercase();
    let field = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(name).map(str::to_owned))
    };
    let mut body = Vec::new();
    if let Some(len) = field("content-length: ") {
        body.resize(len.parse().unwrap(), 0);
        socket.read_exact(&mut body).await.unwrap();
    } else if field("transfer-encoding: chunked").is_some() {
        while !body.ends_with(b"\r\n0\r\n\r\n") {
            body.push(socket.read_u8().await.unwrap());
        }
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, String::from_utf8(body).unwrap())
}

/// Sends the whole request first and then returns the answer.
async fn answer_to(
    address: SocketAddr,
    line: &str,
    headers: &str,
    framing: Framing,
    len: usize,
) -> (u16, String, String) {
    let socket = TcpStream::connect(address).await.unwrap();
    let mut socket = BufReader::new(socket);
    let host = match headers.contains("Host:") {
        true => String::new(),
        false => format!("Host: {address}\r\n"),
    };
    let framed = framing.header(len);
    let head = format!("{line} HTTP/1.1\r\n{host}{headers}{framed}\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let sent = socket.write_all(&framing.body(len)).await;
    assert!(sent.is_ok(), "{line} {headers} {framing:?} {len}: {sent:?}");
    answer(&mut socket).await
}

/// Sends each case and checks its answer. A case is a request line, headers, a status and a text that the
/// answer contains.
async fn expect(address: SocketAddr, cases: &[(&str, &str, u16, &str)]) {
    for (line, headers, status, holds) in cases {
        for framing in [Framing::Length, Framing::Chunked] {
            for len in [100, LARGE] {
                let answer = answer_to(address, line, headers, framing, len).await;
                let case = format!("{line} {headers} {framing:?} {len}: {answer:?}");
                assert_eq!(answer.0, *status, "{case}");
                assert!(answer.2.contains(holds), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn who_sends_its_whole_body_first_reads_why_the_server_refused_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("auth", "api-keys"),
        ("page_dir", folder.path().to_str().unwrap()),
    ];
    let stack = Stack::with(&settings).await;
    let ada = stack.login("acme", "ada", Roles::ALL).await;
    let with_key = |key: &str, more: &str| format!("Authorization: Bearer {key}\r\n{more}");
    let wrong = ApiKey::from_random([9; 16], zeroize::Zeroizing::new([9; 32])).reveal();
    let wrong = with_key(&wrong, "");
    let forwarded = with_key(ada.api_key(), "X-Forwarded-For: 10.0.0.1\r\n");
    let json = with_key(ada.api_key(), "Content-Type: application/json\r\n");
    let known = with_key(ada.api_key(), "");
    let reader = stack
        .login("acme", "reader", "download".parse().unwrap())
        .await;
    let reader = with_key(reader.api_key(), "");
    expect(
        stack.server.address(),
        &[
            ("PUT /upload/a", "", 401, "unauthenticated"),
            ("POST /upload", "", 401, "unauthenticated"),
            ("POST /v1/uploads", "", 401, "unauthenticated"),
            ("PUT /upload/a", &wrong, 401, "unauthenticated"),
            ("PUT /upload/a", &reader, 403, "forbidden"),
            ("PUT /upload/a", &forwarded, 403, "insecure_transport"),
            ("POST /v1/nothing", &known, 404, "not_found"),
            ("POST /v1/uploads/x/key", &known, 404, "not_found"),
            ("PUT /v1/policy", &known, 405, "method_not_allowed"),
            ("PUT /upload", &known, 405, "method_not_allowed"),
            // This is an address of the page's files.
            ("PUT /a", &known, 405, "method_not_allowed"),
            ("POST /v1/uploads", &known, 415, "unsupported_media_type"),
        ],
    )
    .await;
    let large = answer_to(
        stack.server.address(),
        "POST /v1/uploads",
        &json,
        Framing::Length,
        LARGE,
    );
    assert!(large.await.2.contains("body_too_large"));
    stack.expect_no_upload().await;

    let stack = Stack::start().await;
    let evil = "Host: evil.example\r\n";
    expect(
        stack.server.address(),
        &[
            ("PUT /upload/a", evil, 403, "host_not_allowed"),
            (
                "POST /v1/uploads",
                "Via: 1.1 proxy\r\n",
                403,
                "host_not_allowed",
            ),
            ("PUT /a", "", 404, "not_found"),
        ],
    )
    .await;
    stack.expect_no_upload().await;
}

#[tokio::test]
async fn who_sends_its_whole_body_first_reads_why_the_store_refused_it() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    let url = client.sign_all(&file).await[0].url.clone();
    let address = url.strip_prefix("http://").unwrap();
    let (address, path) = address.split_at(address.find('/').unwrap());
    let address = address.parse().unwrap();
    let ended = path.replacen("X-Amz-Date=2", "X-Amz-Date=1", 1);
    let altered = path.replacen("X-Amz-Signature=", "X-Amz-Signature=g", 1);
    let [ended, altered] = [ended, altered].map(|path| format!("PUT {path}"));
    expect(
        address,
        &[
            ("PUT /sealift/sealift/a", "", 403, "AccessDenied"),
            (&ended, "", 403, "<Code>"),
            (&altered, "", 400, "<Code>"),
            ("POST /sealift/sealift/a", "", 501, "<Code>"),
        ],
    )
    .await;
    // The same holds for every other answer of the store, also to a page of another origin.
    for line in [
        "OPTIONS /sealift/a",
        "PATCH /sealift/a",
        "PUT /",
        "DELETE /sealift",
    ] {
        let headers = "Origin: http://evil.example\r\nAccess-Control-Request-Method: PUT\r\n";
        for framing in [Framing::Length, Framing::Chunked] {
            answer_to(address, line, headers, framing, LARGE).await;
        }
    }
}

#[tokio::test]
async fn a_refusal_comes_at_once_and_a_small_rest_of_its_body_leaves_the_connection_in_use() {
    let stack = Stack::start().await;
    let address = stack.server.address();
    for framing in [Framing::Length, Framing::Chunked] {
        let socket = TcpStream::connect(address).await.unwrap();
        let mut socket = BufReader::new(socket);
        let framed = framing.header(1_000_000);
        let head = format!("POST /v1/nothing HTTP/1.1\r\nHost: {address}\r\n{framed}\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        let (status, head, _) = answer(&mut socket).await;
        assert_eq!(status, 404);
        assert!(!head.contains("connection: close"), "{head}");
        socket.write_all(&framing.body(1_000_000)).await.unwrap();
        let next = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n");
        socket.write_all(next.as_bytes()).await.unwrap();
        assert_eq!(answer(&mut socket).await.0, 200, "{framing:?}");
    }
}

#[tokio::test]
async fn a_refusal_says_that_the_connection_closes_where_the_body_is_not_read() {
    let stack = Stack::start().await;
    let address = stack.server.address();
    let large = format!("Content-Length: {LARGE}\r\n");
    // The server does not ask for a body that it refuses, so no answer 100 comes first.
    let small = "Content-Length: 100\r\nExpect: 100-continue\r\n";
    for framed in [large.as_str(), small] {
        let socket = TcpStream::connect(address).await.unwrap();
        let mut socket = BufReader::new(socket);
        let head = format!("PUT /v1/policy HTTP/1.1\r\nHost: {address}\r\n{framed}\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        let (status, head, _) = answer(&mut socket).await;
        assert_eq!(status, 405);
        assert!(head.contains("connection: close"), "{head}");
        // The connection ends at once, although nothing of the body arrived.
        assert_eq!(socket.read(&mut [0]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_put_to_upload_without_a_slash_is_answered_with_the_slash() {
    let stack = Stack::start().await;
    let address = stack.server.address();
    let (status, _, body) = answer_to(address, "PUT /upload", "", Framing::Length, 1).await;
    assert_eq!(status, 405);
    assert!(body.contains(" /upload/, with the slash"), "{body}");
    let (status, _, body) = answer_to(address, "POST /upload/", "", Framing::Length, 1).await;
    assert_eq!(status, 405);
    assert!(body.contains(" /upload, without a slash"), "{body}");
}

#[tokio::test]
async fn the_setting_says_when_an_idle_connection_of_server_and_store_ends() {
    let stack = Stack::with(&[("idle_seconds", "1")]).await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    let url = client.sign_all(&file).await[0].url.clone();
    let store = url.strip_prefix("http://").unwrap();
    let store = store.split('/').next().unwrap().parse().unwrap();
    let ends = async |address: SocketAddr| {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let _reset_or_end = socket.read(&mut [0]).await;
    };
    let both = async { tokio::join!(ends(stack.server.address()), ends(store)) };
    // This is far below the default, and below the limit for a request's head.
    let both = tokio::time::timeout(core::time::Duration::from_secs(20), both);
    both.await.unwrap();
}

//! The other side of a connection, byte by byte, for tests of answers that no good server gives.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::client::Client;

/// A client of a server that gives each connection this answer and closes it.
pub(crate) async fn server(answer: impl Into<String>) -> Client {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                assert_ne!(connection.read_buf(&mut asked).await.unwrap(), 0);
            }
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    Client::new(&format!("http://127.0.0.1:{port}"), None).unwrap()
}

/// A whole answer: `head` is the status and header lines, each with its end.
pub(crate) fn answer(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

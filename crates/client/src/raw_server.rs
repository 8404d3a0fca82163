//! A server for tests that sends given bytes, for answers that no good server gives.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::client::Client;

/// Starts a server that sends this answer on each connection and closes it. Returns its client.
pub(crate) async fn server(answer: impl Into<String>) -> Client {
    let answer = answer.into();
    let (client, listener) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            read(&mut connection).await;
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    client
}

/// Returns a client and the listener at its server's address.
pub(crate) async fn listen() -> (Client, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = Client::new(&format!("http://127.0.0.1:{port}"), None).unwrap();
    (client, listener)
}

/// Longer than any wait of a client before it asks again.
const PATIENCE: core::time::Duration = core::time::Duration::from_secs(60);

/// Sends these answers in order, one per connection. An empty text sends no answer. The task returns
/// the requests.
pub(crate) fn play(listener: TcpListener, answers: Vec<String>) -> JoinHandle<Vec<Asked>> {
    tokio::spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let next = tokio::time::timeout(PATIENCE, listener.accept()).await;
            let Ok(next) = next else {
                let asked: Vec<_> = asked.iter().map(Asked::what).collect();
                panic!("the client asks no more after {asked:?}");
            };
            let (mut connection, _) = next.unwrap();
            asked.push(read(&mut connection).await);
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    })
}

/// Returns a whole answer. `head` holds the status and header lines, each with its line end.
pub(crate) fn answer(head: &str, body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 {head}connection: close\r\ncontent-length: {len}\r\n\r\n{body}")
}

/// A request that the server received.
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// Returns the method and the path, without the query.
    pub(crate) fn what(&self) -> String {
        let words: Vec<_> = self.head.split([' ', '?']).take(2).collect();
        words.join(" ")
    }
}

/// Reads one whole request.
pub(crate) async fn read(connection: &mut TcpStream) -> Asked {
    let mut received = Vec::new();
    loop {
        if let Some(head) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let (head, body) = received.split_at(head + 4);
            let head = String::from_utf8_lossy(head).to_lowercase();
            if body.len() >= body_len(&head) {
                let body = body.to_vec();
                return Asked { head, body };
            }
        }
        assert_ne!(connection.read_buf(&mut received).await.unwrap(), 0);
    }
}

fn body_len(head: &str) -> usize {
    let mut lines = head.lines();
    let len = lines.find_map(|line| line.strip_prefix("content-length: "));
    len.map_or(0, |len| len.parse().unwrap())
}

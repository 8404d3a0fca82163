//! A wire to a store that notes every request as it was sent. It changes none: host and signature
//! stay as they are, so the store behind it verifies them.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, Method};

/// A request as it went over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Sent {
    /// The text of a header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

/// The wire. It lies as long as the test runs.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) endpoint: String,
    target: String,
    sent: Arc<Mutex<Vec<Sent>>>,
    http: reqwest::Client,
}

impl Recorder {
    pub(crate) async fn to(target: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let recorder = Self {
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
            target: target.to_owned(),
            sent: Arc::default(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        let wire = Router::new().fallback(pass).with_state(recorder.clone());
        tokio::spawn(async { axum::serve(listener, wire).await });
        recorder
    }

    /// What was sent since the last time, and must be one request.
    pub(crate) fn one(&self) -> Sent {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap());
        let [only] = sent.as_slice() else {
            panic!("{} requests", sent.len());
        };
        only.clone()
    }
}

async fn pass(State(wire): State<Recorder>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 * 1024 * 1024).await.unwrap();
    wire.sent.lock().unwrap().push(Sent {
        method: head.method.clone(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.clone(),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let url = format!("{}{}", wire.target, head.uri);
    let request = wire.http.request(head.method, url).headers(head.headers);
    let answer = request.body(body).send().await.unwrap();
    let mut given = Response::builder().status(answer.status());
    given
        .headers_mut()
        .unwrap()
        .extend(answer.headers().clone());
    given
        .body(Body::from(answer.bytes().await.unwrap()))
        .unwrap()
}

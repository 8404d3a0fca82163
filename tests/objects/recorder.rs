//! A proxy in front of a store that records every request. It forwards host and signature unchanged, so
//! that the store can verify them.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, Method};

/// A request as the store got it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Sent {
    /// Returns the text of a header, or "" if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

/// The proxy. It runs until the test ends.
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

    /// Returns the only request since the last call. Panics if there was not exactly one.
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

//! A proxy between the servers and their store. It holds a request, or its answer, until the test
//! releases it.
//!
//! The stories have a gate of their own (tests/support/proxy/gate.rs), which also holds single bytes.
//! Their package depends on this one, so these tests cannot use it without a circle.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::State, response::Response};
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use tokio::sync::oneshot;

/// A kind of request from a server to its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    CreateMultipart,
    ListParts,
    CompleteMultipart,
    AbortMultipart,
    Head,
    Delete,
    /// A GET of an object's bytes.
    Get,
    GetMark,
    PutMark,
}

impl Call {
    fn of(method: &Method, uri: &Uri) -> Option<Self> {
        if uri.path().ends_with("/sealift.deployment") {
            return match *method {
                Method::GET => Some(Self::GetMark),
                Method::PUT => Some(Self::PutMark),
                _ => None,
            };
        }
        let query = uri.query().unwrap_or_default();
        let names_upload = query.contains("uploadId=");
        match (method.as_str(), names_upload) {
            ("POST", false) if query.contains("uploads") => Some(Self::CreateMultipart),
            ("POST", true) => Some(Self::CompleteMultipart),
            ("GET", true) => Some(Self::ListParts),
            ("DELETE", true) => Some(Self::AbortMultipart),
            ("DELETE", false) => Some(Self::Delete),
            ("HEAD", false) => Some(Self::Head),
            ("GET", false) if query.contains("x-id=GetObject") => Some(Self::Get),
            _ => None,
        }
    }
}

/// The moment at which the gate holds a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Before the store has seen the request.
    Request,
    /// After the store has done it and before the server knows.
    Answer,
    /// The server gets a refusal at once, and the store sees the request when the test releases it.
    Late,
}

enum Order {
    GoOn,
    /// The store never sees the request. The server gets a refusal after which it does not retry.
    Refuse,
}

/// An answer that the gate gives in at of the store: a store's refusal, or the page of a gateway.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instead {
    pub(crate) status: u16,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: &'static str,
}

struct Stop {
    call: Call,
    side: Side,
    arrived: oneshot::Sender<()>,
    order: oneshot::Receiver<Order>,
}

/// The next request of a kind, which the gate holds.
pub(crate) struct Held {
    arrived: oneshot::Receiver<()>,
    order: oneshot::Sender<Order>,
}

impl Held {
    /// Returns when the request has reached the gate.
    pub(crate) async fn arrived(&mut self) {
        (&mut self.arrived).await.unwrap();
    }

    /// Returns whether the request has reached the gate.
    pub(crate) fn has_arrived(&mut self) -> bool {
        self.arrived.try_recv().is_ok()
    }

    pub(crate) fn release(self) {
        self.order.send(Order::GoOn).ok().unwrap();
    }

    pub(crate) fn refuse(self) {
        self.order.send(Order::Refuse).ok().unwrap();
    }
}

/// The proxy, which runs until the test ends.
#[derive(Clone)]
pub(crate) struct Gate {
    address: SocketAddr,
    store: SocketAddr,
    stops: Arc<Mutex<Vec<Stop>>>,
    instead: Arc<Mutex<Vec<(Call, Instead)>>>,
    http: reqwest::Client,
}

impl Gate {
    pub(crate) async fn before(store: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gate = Self {
            address: listener.local_addr().unwrap(),
            store,
            stops: Arc::default(),
            instead: Arc::default(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        let router = Router::new().fallback(pass).with_state(gate.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        gate
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Holds the next request of this kind. Several holds get one request each, in the order of the calls.
    pub(crate) fn hold(&self, call: Call, side: Side) -> Held {
        let (arrived, has_arrived) = oneshot::channel();
        let (go, order) = oneshot::channel();
        self.stops.lock().unwrap().push(Stop {
            call,
            side,
            arrived,
            order,
        });
        Held {
            arrived: has_arrived,
            order: go,
        }
    }

    /// Gives every request of this kind this answer; the store sees none of them.
    pub(crate) fn answer(&self, call: Call, instead: Instead) {
        self.instead.lock().unwrap().push((call, instead));
    }

    /// Lets the store answer everything again.
    pub(crate) fn open(&self) {
        self.instead.lock().unwrap().clear();
    }

    fn instead_of(&self, call: Option<Call>) -> Option<Response> {
        let instead = self.instead.lock().unwrap();
        let (_, instead) = instead.iter().find(|(asked, _)| Some(*asked) == call)?;
        let headers = instead.headers.iter().map(|(name, value)| {
            let name = header::HeaderName::from_static(name);
            (name, header::HeaderValue::from_static(value))
        });
        let status = StatusCode::from_u16(instead.status).unwrap();
        Some(whole(status, headers.collect(), instead.body.into()))
    }

    fn stop_of(&self, call: Option<Call>) -> Option<Stop> {
        let mut stops = self.stops.lock().unwrap();
        let at = stops.iter().position(|stop| Some(stop.call) == call)?;
        Some(stops.remove(at))
    }

    async fn forward(&self, request: Request<Body>) -> Response {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        // The headers stay as they are, because the signature covers the host, which is the gate's.
        let sent = self
            .http
            .request(head.method, format!("http://{}{}", self.store, head.uri))
            .headers(head.headers)
            .body(body);
        let answer = sent.send().await.unwrap();
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        headers.remove(header::TRANSFER_ENCODING);
        whole(status, headers, Body::from(body))
    }
}

async fn pass(State(gate): State<Gate>, request: Request<Body>) -> Response {
    let call = Call::of(request.method(), request.uri());
    if let Some(answer) = gate.instead_of(call) {
        return answer;
    }
    match gate.stop_of(call) {
        None => gate.forward(request).await,
        Some(stop) if stop.side == Side::Late => {
            tokio::spawn(async move {
                let _ = stop.arrived.send(());
                if let Order::GoOn = stop.order.await.unwrap_or(Order::GoOn) {
                    gate.forward(request).await;
                }
            });
            refusal()
        }
        Some(stop) => {
            let early = match stop.side {
                Side::Answer => Ok(gate.forward(request).await),
                Side::Request | Side::Late => Err(request),
            };
            // The test may no longer wait for this request.
            let _ = stop.arrived.send(());
            match (stop.order.await.unwrap_or(Order::GoOn), early) {
                (Order::GoOn, Ok(answer)) => answer,
                (Order::GoOn, Err(request)) => gate.forward(request).await,
                (Order::Refuse, _) => refusal(),
            }
        }
    }
}

/// Returns a refusal after which the server does not retry.
fn refusal() -> Response {
    let refusal = "<Error><Code>InvalidRequest</Code></Error>";
    whole(StatusCode::BAD_REQUEST, HeaderMap::new(), refusal.into())
}

fn whole(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

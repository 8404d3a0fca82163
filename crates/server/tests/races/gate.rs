//! A proxy between the servers and their store that stops a request, or its answer, until the
//! test lets it go.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::State, response::Response};
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use tokio::sync::oneshot;

/// What a server asks of its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    CreateMultipart,
    ListParts,
    CompleteMultipart,
    AbortMultipart,
    Head,
    Delete,
    /// Of an object's bytes.
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

/// On which side of the store it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The store has not seen it.
    Request,
    /// The store has done it; the server does not know yet.
    Answer,
    /// The server gets a refusal at once; the store sees it when the test lets it go.
    Late,
}

enum Then {
    GoOn,
    /// The store never sees it; the server gets a refusal that it does not repeat.
    Refuse,
}

/// An answer that does not come from the store: a refusal of it, or a page of something before it.
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
    then: oneshot::Receiver<Then>,
}

/// The next such request; it waits at the gate.
pub(crate) struct Held {
    arrived: oneshot::Receiver<()>,
    then: oneshot::Sender<Then>,
}

impl Held {
    /// Returns when it is there.
    pub(crate) async fn arrived(&mut self) {
        (&mut self.arrived).await.unwrap();
    }

    /// Whether it is there by now.
    pub(crate) fn has_arrived(&mut self) -> bool {
        self.arrived.try_recv().is_ok()
    }

    pub(crate) fn let_go(self) {
        self.then.send(Then::GoOn).ok().unwrap();
    }

    pub(crate) fn refuse(self) {
        self.then.send(Then::Refuse).ok().unwrap();
    }
}

/// The proxy; it runs until the test ends.
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

    /// Stops the next such request. Of several, each stops one, in the order they were asked for.
    pub(crate) fn hold(&self, call: Call, side: Side) -> Held {
        let (arrived, has_arrived) = oneshot::channel();
        let (go, then) = oneshot::channel();
        self.stops.lock().unwrap().push(Stop {
            call,
            side,
            arrived,
            then,
        });
        Held {
            arrived: has_arrived,
            then: go,
        }
    }

    /// Answers every such request by itself; the store sees none of them.
    pub(crate) fn answer(&self, call: Call, instead: Instead) {
        self.instead.lock().unwrap().push((call, instead));
    }

    /// The store answers everything again.
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
        let place = stops.iter().position(|stop| Some(stop.call) == call)?;
        Some(stops.remove(place))
    }

    async fn forward(&self, request: Request<Body>) -> Response {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        // The signature covers the host, which is the gate's.
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
                if let Then::GoOn = stop.then.await.unwrap_or(Then::GoOn) {
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
            // Whoever waited for it may have gone.
            let _ = stop.arrived.send(());
            match (stop.then.await.unwrap_or(Then::GoOn), early) {
                (Then::GoOn, Ok(answer)) => answer,
                (Then::GoOn, Err(request)) => gate.forward(request).await,
                (Then::Refuse, _) => refusal(),
            }
        }
    }
}

/// One that the server does not repeat.
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

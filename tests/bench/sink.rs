//! Measures an upload to a sink, which reads the parts and stores nothing: by Sealift's page, and as slices of the file,
//! which nobody reads or encrypts. This shows what the page itself costs.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use sealift_tests::{Browser, BrowserKind};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Scale,
    ground::{Ground, Wanted},
    race::{Race, SEALIFT},
};

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let ground = Ground::of(Wanted {
        sink: true,
        ..Wanted::default()
    });
    let ground = ground.await?;
    let race = Race {
        row: "sink",
        path: ground.file("sink.bin", scale.upload_bytes)?,
        bytes: scale.upload_bytes,
        browser: Browser::start_in(BrowserKind::Chromium).await?,
        ground,
    };
    race.run(&[SEALIFT, "slices"], scale.rounds).await
}

/// Stands in front of a store. It reads and drops the parts of multipart uploads, and forwards everything else.
pub(crate) struct Sink {
    address: SocketAddr,
    swallowed: Arc<Mutex<Swallowed>>,
    serving: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Clone)]
struct Behind {
    store: SocketAddr,
    http: reqwest::Client,
    swallowed: Arc<Mutex<Swallowed>>,
}

/// The parts that came whole.
#[derive(Debug, Clone, Copy)]
struct Swallowed {
    bytes: u64,
    /// The time of the last one.
    at: SystemTime,
}

fn lock(swallowed: &Mutex<Swallowed>) -> MutexGuard<'_, Swallowed> {
    swallowed.lock().unwrap_or_else(PoisonError::into_inner)
}

const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The longest upload. A file of 8 GiB can take this long on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(900);

/// The longest body of a request that is forwarded.
const MOST_FORWARDED: usize = 1 << 20;

impl Sink {
    /// Listens in front of `store`, which need not listen yet.
    pub(crate) async fn before(store: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let swallowed = Arc::new(Mutex::new(Swallowed {
            bytes: 0,
            at: SystemTime::now(),
        }));
        let behind = Behind {
            store,
            http: reqwest::Client::builder().no_proxy().build()?,
            swallowed: swallowed.clone(),
        };
        let router = Router::new().fallback(answer).with_state(behind);
        Ok(Self {
            address,
            swallowed,
            serving: tokio::spawn(async move {
                // The task ends when it is aborted.
                let _ = axum::serve(listener, router).await;
            }),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the bytes of all parts since the last call.
    pub(crate) fn take_bytes(&self) -> u64 {
        std::mem::take(&mut lock(&self.swallowed).bytes)
    }

    /// Waits until the parts of a file of `plaintext_len` bytes are here, and returns when the last one came. The
    /// page cannot say it: the upload fails as soon as the server sees that the store has no parts.
    pub(crate) async fn has_all(&self, plaintext_len: u64) -> Result<SystemTime> {
        let asked_at = Instant::now();
        loop {
            let Swallowed { bytes, at } = *lock(&self.swallowed);
            if bytes >= plaintext_len {
                return Ok(at);
            }
            ensure!(
                asked_at.elapsed() < PATIENCE,
                "the sink got only {bytes} bytes"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn answer(State(behind): State<Behind>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let is_part = request.method() == Method::PUT && query.contains("partNumber=");
    let answered = match is_part {
        true => behind.swallow(request.into_body()).await,
        false => behind.forward(request).await,
    };
    answered.unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response())
}

impl Behind {
    async fn swallow(&self, body: Body) -> Result<Response> {
        let mut pieces = body.into_data_stream();
        let mut len = 0;
        while let Some(piece) = pieces.next().await {
            len += u64::try_from(piece?.len())?;
        }
        {
            let mut swallowed = lock(&self.swallowed);
            swallowed.bytes += len;
            swallowed.at = SystemTime::now();
        }
        let headers = [
            ("access-control-allow-origin", "*"),
            ("access-control-expose-headers", "etag"),
            ("etag", "\"0\""),
        ];
        Ok(headers.into_response())
    }

    /// Forwards the request with its `Host` header, because the signature covers it.
    async fn forward(&self, request: Request) -> Result<Response> {
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().context("a request has a path")?;
        let url = format!("http://{}{path}", self.store);
        let mut headers = head.headers;
        headers.remove(header::CONNECTION);
        let sent = self.http.request(head.method, url).headers(headers);
        let answer = sent
            .body(to_bytes(body, MOST_FORWARDED).await?)
            .send()
            .await?;
        let (status, mut headers): (StatusCode, HeaderMap) =
            (answer.status(), answer.headers().clone());
        headers.remove(header::CONNECTION);
        headers.remove(header::TRANSFER_ENCODING);
        Ok((status, headers, answer.bytes().await?).into_response())
    }
}

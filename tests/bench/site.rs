//! The peers' site: their scripts, and the server that signs their requests, for plain PUTs and in the
//! protocol of Uppy's Companion.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, Result};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tower_http::services::ServeDir;

use crate::{
    ground::path_in,
    plain_store::{Multipart, PlainStore},
};

/// Plaintext bytes of Sealift's parts: 32 frames of 256 KiB.
pub(crate) const PART_BYTES: u64 = 8 << 20;

/// The running site. Dropping it stops the server.
pub(crate) struct Site {
    pub(crate) address: String,
    serving: JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Site {
    /// Serves on this listener. Browsers reach it at `near`.
    pub(crate) fn serve(
        listener: TcpListener,
        near: SocketAddr,
        store: PlainStore,
    ) -> Result<Self> {
        let signer = Signer {
            store,
            opened: Arc::default(),
            count: Arc::default(),
        };
        let router = Router::new()
            .route("/plain/open", post(open))
            .route("/plain/sign", post(sign))
            .route("/plain/complete", post(complete))
            .route("/plain/object/{*key}", get(object))
            .route("/s3/multipart", post(companion_create))
            .route("/s3/multipart/{upload}/{number}", get(companion_sign))
            .route("/s3/multipart/{upload}/complete", post(companion_complete))
            .with_state(signer)
            .fallback_service(ServeDir::new(path_in("SEALIFT_BENCH_SITE")?));
        Ok(Self {
            address: format!("http://{near}/"),
            serving: tokio::spawn(async move {
                // The task ends when it is aborted.
                let _ = axum::serve(listener, router).await;
            }),
        })
    }
}

#[derive(Clone)]
struct Signer {
    store: PlainStore,
    opened: Arc<Mutex<BTreeMap<String, Multipart>>>,
    count: Arc<AtomicU64>,
}

impl Signer {
    async fn create(&self, hashed: bool) -> Result<Multipart> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        self.store.create(&format!("peers/{count}"), hashed).await
    }

    fn opened(&self, id: &str) -> Result<Multipart> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.get(id).cloned().context("no such upload")
    }
}

type Answer = Result<Json<Value>, (StatusCode, String)>;

/// Reports a failure as an error, because a failing peer must not look like a slow one.
fn failed(error: impl Into<anyhow::Error>) -> (StatusCode, String) {
    let text = format!("{:#}", error.into());
    (StatusCode::INTERNAL_SERVER_ERROR, text)
}

async fn open(State(signer): State<Signer>) -> Answer {
    let upload = signer.create(true).await.map_err(failed)?;
    let id = upload.upload_id.clone();
    let mut opened = signer.opened.lock().unwrap_or_else(PoisonError::into_inner);
    opened.insert(id.clone(), upload);
    Ok(Json(json!({ "id": id, "partBytes": PART_BYTES })))
}

#[derive(Deserialize)]
struct Part {
    id: String,
    number: i32,
    sha256: String,
    length: i64,
}

async fn sign(State(signer): State<Signer>, Json(part): Json<Part>) -> Answer {
    let upload = signer.opened(&part.id).map_err(failed)?;
    let known = Some((&*part.sha256, part.length));
    let signed = signer.store.sign(&upload, part.number, known);
    let signed = signed.await.map_err(failed)?;
    Ok(Json(
        json!({ "url": signed.url, "headers": signed.headers }),
    ))
}

#[derive(Deserialize)]
struct Whole {
    id: String,
}

async fn complete(State(signer): State<Signer>, Json(whole): Json<Whole>) -> Answer {
    let upload = signer.opened(&whole.id).map_err(failed)?;
    signer.store.complete(&upload).await.map_err(failed)?;
    Ok(Json(json!({})))
}

/// Passes on a sealed object from the store as it arrives.
async fn object(
    State(signer): State<Signer>,
    Path(key): Path<String>,
) -> Result<Body, (StatusCode, String)> {
    let mut stored = signer.store.get(&key).await.map_err(failed)?;
    let pieces = futures::stream::poll_fn(move |context| Pin::new(&mut stored).poll_next(context));
    Ok(Body::from_stream(pieces))
}

async fn companion_create(State(signer): State<Signer>) -> Answer {
    let upload = signer.create(false).await.map_err(failed)?;
    Ok(Json(
        json!({ "key": upload.key, "uploadId": upload.upload_id }),
    ))
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

async fn companion_sign(
    State(signer): State<Signer>,
    Path((upload_id, number)): Path<(String, i32)>,
    Query(Key { key }): Query<Key>,
) -> Answer {
    let upload = Multipart { key, upload_id };
    let signed = signer.store.sign(&upload, number, None).await;
    Ok(Json(
        json!({ "url": signed.map_err(failed)?.url, "expires": 900 }),
    ))
}

async fn companion_complete(
    State(signer): State<Signer>,
    Path(upload_id): Path<String>,
    Query(Key { key }): Query<Key>,
) -> Answer {
    let upload = Multipart { key, upload_id };
    signer.store.complete(&upload).await.map_err(failed)?;
    Ok(Json(json!({ "location": "/" })))
}

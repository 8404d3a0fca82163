//! Sends the requests to the server, by `fetch`. All paths are relative to the page's origin.

use std::rc::Rc;

use futures::future::{Either, select};
use js_sys::{Array, Date, JSON, Reflect, Uint8Array, encode_uri_component};
use sealift_message::ContentKey;
use sealift_transfer::{
    api::{
        FileId, FileOpening, Problem, UploadId, UploadStatus, batch::ItemRefused, open, policy,
        problem, read, status,
    },
    batches::{self, Answered, Ask, Kind},
    retry::RequestFailure,
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, RequestRedirect, Response};
use zeroize::Zeroizing;

use crate::{
    browser::{Fetch, len_of, sleep},
    credential::Credential,
    failure::{Peer, RequestError},
    report::to_js,
};

/// The most milliseconds until an answer is complete.
const PATIENCE_MS: u64 = 120_000;
/// The most milliseconds until a completion is answered. Stores join large objects for minutes.
const COMPLETION_PATIENCE_MS: u64 = 600_000;

/// The server that the page came from.
pub struct ServerApi {
    credential: Rc<Credential>,
}

impl ServerApi {
    /// Uses the API key that `credential` has at the time of each request.
    #[must_use]
    pub fn new(credential: Rc<Credential>) -> Self {
        Self { credential }
    }

    /// Returns whether a retry may help after `error`. If the server refused the API key that the request
    /// carried, waits for another one first.
    pub(crate) async fn may_come_by_another_key(&self, error: &RequestError) -> bool {
        let status = match error.failure {
            RequestFailure::Status { status, .. } => status,
            _ => return false,
        };
        status == UNAUTHENTICATED
            && error.peer == Peer::Server
            && self.credential.is_there()
            && self.credential.renewed().await
    }

    /// Returns the server's limits, a [`Policy`](sealift_transfer::api::Policy) in JavaScript.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails.
    pub async fn policy(&self) -> Result<JsValue, RequestError> {
        self.ask_for_js(policy::PATH).await
    }

    /// Returns the content key of an open upload once more.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails.
    pub async fn key(&self, upload: &UploadId) -> Result<ContentKey, RequestError> {
        let path = status::key_path(upload);
        let (status, bytes) = self.send("POST", &path, None, PATIENCE_MS).await?;
        ContentKey::try_from(bytes.as_slice()).map_err(|_| not_understood(status))
    }

    /// Returns the path and the body of the request for these items, which are of this kind.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the body cannot be written.
    pub fn request(kind: Kind, items: Vec<&Ask>) -> Result<(String, String), RequestError> {
        let (path, body) = batches::request(kind, items);
        Ok((path, json(&body)?))
    }

    /// Sends such a request for `count` items. Returns the result of each, in their order.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails as a whole.
    pub async fn send_all(
        &self,
        kind: Kind,
        count: usize,
        request: Result<(String, String), RequestError>,
    ) -> Result<Vec<Result<Answered, ItemRefused>>, RequestError> {
        let (path, body) = request?;
        let patience_ms = match kind {
            Kind::Open | Kind::Sign => PATIENCE_MS,
            Kind::Complete => COMPLETION_PATIENCE_MS,
        };
        let (status, bytes) = self.send("POST", &path, Some(body), patience_ms).await?;
        batches::results(kind, count, &bytes).map_err(|_| not_understood(status))
    }

    /// Cancels an upload.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails.
    pub async fn abort(&self, upload: &UploadId) -> Result<(), RequestError> {
        let path = status::path(upload);
        self.send("DELETE", &path, None, PATIENCE_MS).await?;
        Ok(())
    }

    /// Returns the status of an upload.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails.
    pub async fn status(&self, upload: &UploadId) -> Result<UploadStatus, RequestError> {
        self.ask("GET", &status::path(upload), None).await
    }

    /// Returns all of the caller's uploads that can be resumed, newest first: an array of
    /// [`UploadSummary`](sealift_transfer::api::UploadSummary) in JavaScript.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails.
    pub async fn unfinished(&self) -> Result<Array, RequestError> {
        let mut all = Array::new();
        let mut path = open::PATH.to_owned();
        loop {
            let list = self.ask_for_js(&path).await?;
            let of = |name: &str| Reflect::get(&list, &name.into()).unwrap_or_default();
            all = all.concat(of("uploads").unchecked_ref::<Array>());
            let Some(cursor) = of("next_cursor").as_string() else {
                return Ok(all);
            };
            path = format!("{}?cursor={}", open::PATH, encode_uri_component(&cursor));
        }
    }

    /// Returns the content key of a file, and where its object is.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails.
    pub async fn open_file(&self, file: &FileId) -> Result<FileOpening, RequestError> {
        self.ask("POST", &read::path(file), None).await
    }

    /// Gets JSON that holds no secret, as a JavaScript value for the page.
    async fn ask_for_js(&self, path: &str) -> Result<JsValue, RequestError> {
        let (status, bytes) = self.send("GET", path, None, PATIENCE_MS).await?;
        let text = core::str::from_utf8(&bytes).map_err(|_| not_understood(status))?;
        JSON::parse(text).map_err(|_| not_understood(status))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> Result<T, RequestError> {
        let (status, bytes) = self.send(method, path, body, PATIENCE_MS).await?;
        serde_json::from_slice(&bytes).map_err(|_| not_understood(status))
    }

    /// Returns the status and the bytes of a successful answer. The bytes are wiped when dropped, because they
    /// may hold a key. Dropping the future aborts the request.
    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
        patience_ms: u64,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), RequestError> {
        let (authorization, credential) = self.credential.authorization();
        let authorization = authorization.as_ref().map(|value| value.as_str());
        let mut request = request(method, path, body, authorization)
            .map_err(|_| RequestError::no_answer(Peer::Server))?;
        let answer = core::pin::pin!(async { whole(request.answer().await?).await });
        let patience = core::pin::pin!(sleep(patience_ms));
        let (answer, bytes) = match select(answer, patience).await {
            Either::Left((Ok(answered), _)) => answered,
            Either::Left((Err(_), _)) | Either::Right(_) => {
                return Err(RequestError::no_answer(Peer::Server));
            }
        };
        if answer.ok() {
            return Ok((answer.status(), bytes));
        }
        if answer.status() == UNAUTHENTICATED {
            self.credential.refused(credential);
        }
        Err(refused(&answer, &bytes))
    }
}

const UNAUTHENTICATED: u16 = 401;

fn request(
    method: &str,
    path: &str,
    body: Option<String>,
    authorization: Option<&str>,
) -> Result<Fetch, JsValue> {
    let headers = Headers::new()?;
    if let Some(authorization) = authorization {
        headers.set("authorization", authorization)?;
    }
    let init = RequestInit::new();
    if let Some(body) = body {
        headers.set("content-type", "application/json")?;
        init.set_body_opt_str(Some(&body));
    }
    init.set_method(method);
    // The API has no redirects, and somebody else's login page must not be followed.
    init.set_redirect(RequestRedirect::Error);
    Fetch::send(path, &headers, &init)
}

async fn whole(answer: Response) -> Result<(Response, Zeroizing<Vec<u8>>), JsValue> {
    let body = Uint8Array::new(&JsFuture::from(answer.array_buffer()?).await?);
    let bytes = Zeroizing::new(body.to_vec());
    body.fill(0, 0, body.length());
    Ok((answer, bytes))
}

/// Writes JSON by the browser's own `JSON`: a second writer would be a twentieth of this module's size.
fn json(value: &impl Serialize) -> Result<String, RequestError> {
    let text = to_js(value)
        .ok()
        .and_then(|value| JSON::stringify(&value).ok());
    // None of our own types can fail here.
    text.map(String::from)
        .ok_or_else(|| RequestError::no_answer(Peer::Server))
}

fn not_understood(status: u16) -> RequestError {
    RequestError {
        peer: Peer::Server,
        failure: RequestFailure::Status {
            status,
            retry_after_ms: None,
        },
        problem: None,
    }
}

fn refused(answer: &Response, body: &[u8]) -> RequestError {
    let header = |name| answer.headers().get(name).ok().flatten();
    let is_problem =
        header("content-type").is_some_and(|kind| kind.starts_with(problem::CONTENT_TYPE));
    let problem: Option<Box<Problem>> = is_problem
        .then(|| serde_json::from_slice(body).ok())
        .flatten();
    let retry_after_ms = header("retry-after").as_deref().and_then(retry_after_ms);
    RequestError::refused(answer.status(), retry_after_ms, problem)
}

/// Parses a `Retry-After`: seconds, or a date.
pub(crate) fn retry_after_ms(value: &str) -> Option<u64> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let at_ms = Date::parse(value);
    at_ms.is_finite().then(|| len_of(at_ms - Date::now()))
}

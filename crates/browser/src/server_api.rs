//! The requests to the server, by `fetch`. All paths are relative to the page's origin.

use std::cell::RefCell;

use js_sys::{Date, Uint8Array};
use sealift_message::ContentKey;
use sealift_transfer::{
    api::{
        CompleteUpload, FileRecord, OpenUpload, OpenedUpload, Policy, SignParts, SignedParts,
        UploadId, complete, open, policy, problem, sign, status,
    },
    retry::RequestFailure,
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Request, RequestCache, RequestInit, RequestRedirect, Response};
use zeroize::Zeroizing;

use crate::{
    browser::{len_of, scope},
    failure::{Peer, RequestError},
};

/// The server that the page came from.
#[derive(Default)]
pub struct ServerApi {
    api_key: RefCell<Option<Zeroizing<String>>>,
}

impl ServerApi {
    /// From now on requests carry this API key, or none. It is kept in memory only.
    pub fn log_in(&self, api_key: Option<String>) {
        *self.api_key.borrow_mut() = api_key.map(Zeroizing::new);
    }

    /// The server's limits.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn policy(&self) -> Result<Policy, RequestError> {
        self.ask("GET", policy::PATH, None).await
    }

    /// Begins an upload, or finds the one of this client token.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn open(&self, request: &OpenUpload) -> Result<OpenedUpload, RequestError> {
        self.ask("POST", open::PATH, Some(json(request)?)).await
    }

    /// The content key of an open upload, again.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn key(&self, upload: &UploadId) -> Result<ContentKey, RequestError> {
        let (status, bytes) = self.send("POST", &status::key_path(upload), None).await?;
        ContentKey::try_from(bytes.as_slice()).map_err(|_| not_understood(status))
    }

    /// Signatures for parts whose sealed bytes are ready.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn sign(
        &self,
        upload: &UploadId,
        parts: &SignParts,
    ) -> Result<SignedParts, RequestError> {
        self.ask("POST", &sign::path(upload), Some(json(parts)?))
            .await
    }

    /// Makes the file of the parts.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn complete(
        &self,
        upload: &UploadId,
        request: CompleteUpload,
    ) -> Result<FileRecord, RequestError> {
        let body = json(&request)?;
        self.ask("POST", &complete::path(upload), Some(body)).await
    }

    /// Takes an upload back.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn abort(&self, upload: &UploadId) -> Result<(), RequestError> {
        self.send("DELETE", &status::path(upload), None).await?;
        Ok(())
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> Result<T, RequestError> {
        let (status, bytes) = self.send(method, path, body).await?;
        serde_json::from_slice(&bytes).map_err(|_| not_understood(status))
    }

    /// A good answer's status and bytes, which are wiped when dropped: they may hold a key.
    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), RequestError> {
        let no_answer = |_| RequestError::no_answer(Peer::Server);
        let request = self.request(method, path, body).map_err(no_answer)?;
        let answer = JsFuture::from(scope().fetch_with_request(&request)).await;
        let answer: Response = answer.map_err(no_answer)?.unchecked_into();
        let body = answer.array_buffer().map_err(no_answer)?;
        let body = Uint8Array::new(&JsFuture::from(body).await.map_err(no_answer)?);
        let bytes = Zeroizing::new(body.to_vec());
        body.fill(0, 0, body.length());
        if answer.ok() {
            Ok((answer.status(), bytes))
        } else {
            Err(refused(&answer, &bytes))
        }
    }

    fn request(&self, method: &str, path: &str, body: Option<String>) -> Result<Request, JsValue> {
        let headers = Headers::new()?;
        if let Some(api_key) = self.api_key.borrow().as_ref() {
            headers.set("authorization", &format!("Bearer {}", api_key.as_str()))?;
        }
        let init = RequestInit::new();
        if let Some(body) = body {
            headers.set("content-type", "application/json")?;
            init.set_body_opt_str(Some(&body));
        }
        init.set_method(method);
        init.set_headers_headers(&headers);
        init.set_cache(RequestCache::NoStore);
        // The API has no redirects; a login page of somebody else's is not to be followed.
        init.set_redirect(RequestRedirect::Error);
        Request::new_with_str_and_init(path, &init)
    }
}

fn json(value: &impl Serialize) -> Result<String, RequestError> {
    // None of our own types fails.
    serde_json::to_string(value).map_err(|_| RequestError::no_answer(Peer::Server))
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
    RequestError {
        peer: Peer::Server,
        failure: RequestFailure::Status {
            status: answer.status(),
            retry_after_ms: header("retry-after").as_deref().and_then(retry_after_ms),
        },
        problem: is_problem
            .then(|| serde_json::from_slice(body).ok())
            .flatten(),
    }
}

/// A `Retry-After`: seconds, or a date.
pub(crate) fn retry_after_ms(value: &str) -> Option<u64> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let at_ms = Date::parse(value);
    at_ms.is_finite().then(|| len_of(at_ms - Date::now()))
}

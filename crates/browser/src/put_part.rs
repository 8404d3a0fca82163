//! Sends one PUT of sealed bytes to the store. `XMLHttpRequest` reports progress, which `fetch` does not.

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use js_sys::Uint8Array;
use sealift_transfer::{address::Life, api::SignedPart, retry::RequestFailure};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Blob, ProgressEvent, XmlHttpRequest};

use crate::{
    browser::{len_of, moment, sends_once},
    failure::{Peer, RequestError},
    movement::Movement,
    server_api::retry_after_ms,
};

/// How long a PUT may stall before it is given up and retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The most milliseconds until more bytes are sent.
    pub stall_ms: u64,
    /// The most milliseconds from the last byte to the answer. Stores hash and write large parts for a while.
    pub answer_ms: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            stall_ms: 60_000,
            answer_ms: 300_000,
        }
    }
}

/// The sealed bytes to PUT.
#[derive(Debug)]
pub enum Body {
    /// Bytes in this worker's memory. The browser copies them when the request begins.
    Bytes(Uint8Array),
    /// A file on the browser's disk.
    Blob(Blob),
}

/// PUTs exactly `sealed`. `life` is how long the presigned URL is valid, if known. Calls `progress` with the
/// number of bytes sent so far. Dropping the future aborts the request.
///
/// # Errors
/// Returns a [`RequestError`] if the store does not accept the part. It does not contain the presigned URL.
pub async fn put_part(
    signed: &SignedPart,
    life: Option<Life>,
    sealed: &Body,
    patience: Patience,
    progress: impl Fn(u64) + 'static,
) -> Result<(), RequestError> {
    let no_answer = |_| RequestError::no_answer(Peer::Store);
    let running = Running::start(signed, sealed, patience, progress);
    let (running, ended) = running.map_err(no_answer)?;
    let stalled = core::pin::pin!(running.movement.stalled());
    match select(ended, stalled).await {
        Either::Left((Ok(()), _)) => running.answer(life),
        Either::Left((Err(_), _)) | Either::Right(_) => Err(RequestError::no_answer(Peer::Store)),
    }
}

/// A request under way, with the closures that it calls.
struct Running {
    request: XmlHttpRequest,
    movement: Movement,
    _progress: Closure<dyn Fn(ProgressEvent)>,
    _left: Closure<dyn Fn()>,
    _ended: Closure<dyn FnMut()>,
}

impl Running {
    fn start(
        signed: &SignedPart,
        sealed: &Body,
        patience: Patience,
        progress: impl Fn(u64) + 'static,
    ) -> Result<(Self, oneshot::Receiver<()>), JsValue> {
        let request = XmlHttpRequest::new()?;
        request.open_with_async("PUT", &signed.url, true)?;
        for (name, value) in &signed.headers {
            request.set_request_header(name, value)?;
        }
        let movement = Movement::within(patience.stall_ms);
        let moved = movement.clone();
        let progress: Closure<dyn Fn(ProgressEvent)> = Closure::new(move |event: ProgressEvent| {
            moved.progressed();
            progress(len_of(event.loaded()));
        });
        let moved = movement.clone();
        let left: Closure<dyn Fn()> = Closure::new(move || {
            moved.progressed();
            moved.allow(patience.answer_ms);
        });
        let (end, ended) = oneshot::channel();
        let when_ended = sends_once(end);
        let upload = request.upload()?;
        upload.set_onprogress(Some(progress.as_ref().unchecked_ref()));
        upload.set_onload(Some(left.as_ref().unchecked_ref()));
        request.set_onloadend(Some(when_ended.as_ref().unchecked_ref()));
        match sealed {
            Body::Bytes(bytes) => request.send_with_opt_js_u8_array(Some(bytes))?,
            Body::Blob(blob) => request.send_with_opt_blob(Some(blob))?,
        }
        let running = Self {
            request,
            movement,
            _progress: progress,
            _left: left,
            _ended: when_ended,
        };
        Ok((running, ended))
    }

    fn answer(&self, life: Option<Life>) -> Result<(), RequestError> {
        // The status is 0 if there was no answer, or if the store's CORS rules hide it.
        let status = self.request.status().unwrap_or(0);
        match status {
            0 => Err(RequestError::no_answer(Peer::Store)),
            200..300 => Ok(()),
            _ => {
                let retry_after = self.request.get_response_header("retry-after");
                let retry_after = retry_after.ok().flatten();
                let retry_after_ms = retry_after.as_deref().and_then(retry_after_ms);
                let body = self.request.response_text().ok().flatten();
                let code = body.as_deref().and_then(code_of).unwrap_or_default();
                let has_ended = life.is_some_and(|life| life.has_ended(moment()));
                Err(RequestError {
                    peer: Peer::Store,
                    failure: RequestFailure::of_store(status, code, retry_after_ms, has_ended),
                    problem: None,
                })
            }
        }
    }
}

/// Returns S3's error code. The rest of the body repeats the signed request and is not kept.
fn code_of(xml: &str) -> Option<&str> {
    // A search for more than one character would be a larger part of the module than this file.
    let mut elements = xml.split('<');
    elements.find_map(|element| element.strip_prefix("Code>"))
}

impl Drop for Running {
    fn drop(&mut self) {
        // The closures are dropped now, so nothing may call them any more.
        self.request.set_onloadend(None);
        if let Ok(upload) = self.request.upload() {
            upload.set_onprogress(None);
            upload.set_onload(None);
        }
        if self.request.ready_state() != XmlHttpRequest::DONE {
            // `abort` fails only for a request that was never sent.
            let _nothing_to_abort = self.request.abort();
        }
    }
}

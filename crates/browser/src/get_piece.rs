//! Sends one GET for a range of an object to the store. `XMLHttpRequest` reports progress, and lets us
//! check the answer's headers before its bytes come.

use core::ops::Range;
use std::{cell::RefCell, rc::Rc};

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use js_sys::Uint8Array;
use sealift_transfer::{api::PresignedGet, retry::RequestFailure};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{ProgressEvent, XmlHttpRequest, XmlHttpRequestResponseType};

use crate::{
    browser::{len_of, sends_once},
    failure::{Fault, Peer, RequestError},
    movement::Movement,
    server_api::retry_after_ms,
};

/// The object's ETag and length, as the server recorded them. Every answer must match them (docs/FORMAT.md, R6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The store's ETag.
    pub etag: String,
    /// The length of the whole object in bytes.
    pub sealed_len: u64,
}

/// Gets exactly the bytes in `range`, and uses none of them unless the answer is of the recorded object.
/// Calls `progress` with the number of bytes received so far. Dropping the future aborts the request.
///
/// # Errors
/// Returns [`Fault::ObjectReplaced`] if the store has another object, [`Fault::ObjectDamaged`] if the
/// object is gone, [`Fault::Answer`] if the answer cannot be checked, and otherwise [`Fault::Request`].
/// None of them contains the presigned URL.
pub async fn get_piece(
    get: &PresignedGet,
    recorded: &Recorded,
    range: &Range<u64>,
    stall_ms: u64,
    progress: impl Fn(u64) + 'static,
) -> Result<Uint8Array, Fault> {
    let no_answer = || Fault::from(RequestError::no_answer(Peer::Store));
    let expected = Expected::new(recorded, range);
    let running = Running::start(get, expected, stall_ms, progress);
    let (running, ended) = running.map_err(|_| no_answer())?;
    let stalled = core::pin::pin!(running.movement.stalled());
    match select(ended, stalled).await {
        Either::Left((Ok(()), _)) => running.answer(),
        Either::Left((Err(_), _)) | Either::Right(_) => Err(no_answer()),
    }
}

/// The values that the answer must have.
#[derive(Clone)]
struct Expected {
    etag: String,
    content_range: String,
    bytes: String,
    len: u64,
}

impl Expected {
    fn new(recorded: &Recorded, range: &Range<u64>) -> Self {
        let last = range.end.saturating_sub(1);
        Self {
            etag: recorded.etag.clone(),
            content_range: format!("bytes {}-{last}/{}", range.start, recorded.sealed_len),
            bytes: format!("bytes={}-{last}", range.start),
            len: range.end.saturating_sub(range.start),
        }
    }

    /// Checks an answer's status and headers.
    fn compare(&self, request: &XmlHttpRequest) -> Result<(), Fault> {
        let header = |name| request.get_response_header(name).ok().flatten();
        // The status is 0 if there was no answer, or if the store's CORS rules hide it.
        match request.status().unwrap_or(0) {
            206 => match (header("etag"), header("content-range")) {
                (Some(etag), Some(content_range)) => {
                    let is_the_object = etag == self.etag && content_range == self.content_range;
                    is_the_object.then_some(()).ok_or(Fault::ObjectReplaced)
                }
                _ => Err(Fault::Answer(
                    "the store's rules for other origins (CORS) must expose ETag and Content-Range",
                )),
            },
            // `If-Match` did not match, or the object ends before the range begins.
            412 | 416 => Err(Fault::ObjectReplaced),
            404 => Err(Fault::ObjectDamaged),
            0 => Err(RequestError::no_answer(Peer::Store).into()),
            200..300 => Err(Fault::Answer("the store does not send ranges")),
            status => {
                let retry_after_ms = header("retry-after").as_deref().and_then(retry_after_ms);
                Err(Fault::Request(RequestError {
                    peer: Peer::Store,
                    failure: RequestFailure::of_store_read(status, retry_after_ms),
                    problem: None,
                }))
            }
        }
    }
}

/// A request under way, with the closures that it calls.
struct Running {
    request: XmlHttpRequest,
    expected: Expected,
    movement: Movement,
    /// Why we aborted the request before its bytes came.
    refused: Rc<RefCell<Option<Fault>>>,
    _begun: Closure<dyn Fn()>,
    _progress: Closure<dyn Fn(ProgressEvent)>,
    _ended: Closure<dyn FnMut()>,
}

impl Running {
    fn start(
        get: &PresignedGet,
        expected: Expected,
        stall_ms: u64,
        progress: impl Fn(u64) + 'static,
    ) -> Result<(Self, oneshot::Receiver<()>), JsValue> {
        let request = XmlHttpRequest::new()?;
        request.open_with_async("GET", &get.url, true)?;
        request.set_response_type(XmlHttpRequestResponseType::Arraybuffer);
        for (name, value) in &get.headers {
            request.set_request_header(name, value)?;
        }
        request.set_request_header("range", &expected.bytes)?;
        let movement = Movement::within(stall_ms);
        let refused: Rc<RefCell<Option<Fault>>> = Rc::default();
        let begun = when_begun(&request, &expected, &movement, &refused);
        let progress = when_more_came(&request, &expected, &movement, &refused, progress);
        let (end, ended) = oneshot::channel();
        let when_ended = sends_once(end);
        request.set_onreadystatechange(Some(begun.as_ref().unchecked_ref()));
        request.set_onprogress(Some(progress.as_ref().unchecked_ref()));
        request.set_onloadend(Some(when_ended.as_ref().unchecked_ref()));
        request.send()?;
        let running = Self {
            request,
            expected,
            movement,
            refused,
            _begun: begun,
            _progress: progress,
            _ended: when_ended,
        };
        Ok((running, ended))
    }

    fn answer(&self) -> Result<Uint8Array, Fault> {
        if let Some(fault) = self.refused.take() {
            return Err(fault);
        }
        self.expected.compare(&self.request)?;
        let body = self.request.response().ok();
        let body = body.filter(|body| !body.is_null() && !body.is_undefined());
        let bytes = body.map(|body| Uint8Array::new(&body));
        bytes
            .filter(|bytes| u64::from(bytes.length()) == self.expected.len)
            .ok_or_else(|| RequestError::no_answer(Peer::Store).into())
    }
}

/// Makes the callback that aborts an answer before its bytes come, if its headers are not the expected ones.
fn when_begun(
    request: &XmlHttpRequest,
    expected: &Expected,
    movement: &Movement,
    refused: &Rc<RefCell<Option<Fault>>>,
) -> Closure<dyn Fn()> {
    let (request, expected) = (request.clone(), expected.clone());
    let (movement, refused) = (movement.clone(), refused.clone());
    Closure::new(move || {
        if request.ready_state() != XmlHttpRequest::HEADERS_RECEIVED {
            return;
        }
        movement.progressed();
        if let Err(fault) = expected.compare(&request) {
            refused.replace(Some(fault));
            // `abort` fails only for a request that was never sent.
            let _nothing_to_abort = request.abort();
        }
    })
}

/// Makes the callback that counts the received bytes. It aborts an answer that is longer than the range,
/// because a body without a promised length could fill all memory.
fn when_more_came(
    request: &XmlHttpRequest,
    expected: &Expected,
    movement: &Movement,
    refused: &Rc<RefCell<Option<Fault>>>,
    progress: impl Fn(u64) + 'static,
) -> Closure<dyn Fn(ProgressEvent)> {
    let (request, most) = (request.clone(), expected.len);
    let (movement, refused) = (movement.clone(), refused.clone());
    Closure::new(move |event: ProgressEvent| {
        movement.progressed();
        let loaded = len_of(event.loaded());
        if loaded <= most {
            return progress(loaded);
        }
        refused.replace(Some(Fault::ObjectReplaced));
        let _nothing_to_abort = request.abort();
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        // The closures are dropped now, so nothing may call them any more.
        self.request.set_onreadystatechange(None);
        self.request.set_onprogress(None);
        self.request.set_onloadend(None);
        if self.request.ready_state() != XmlHttpRequest::DONE {
            let _nothing_to_abort = self.request.abort();
        }
    }
}

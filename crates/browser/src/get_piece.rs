//! Sends one GET for a range of an object to the store, and reads the answer into a buffer. The answer's headers are
//! checked before its bytes come.

use core::ops::Range;

use futures::future::{Either, select};
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use sealift_transfer::{api::PresignedGet, retry::RequestFailure};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

use crate::{
    browser::{Fetch, within},
    failure::{Fault, Peer, RequestError},
    movement::Movement,
    part_buffers::PartBuffer,
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

/// Gets exactly the bytes in `range` into a buffer of that length, and uses none of them unless the answer is of the
/// recorded object. Calls `progress` with the number of bytes received so far. Dropping the future aborts the request.
///
/// # Errors
/// Returns [`Fault::ObjectReplaced`] if the store has another object, [`Fault::ObjectDamaged`] if the
/// object is gone, [`Fault::Answer`] if the answer cannot be checked, and otherwise [`Fault::Request`].
/// None of them contains the presigned URL.
pub async fn get_piece(
    get: &PresignedGet,
    recorded: &Recorded,
    range: &Range<u64>,
    buffer: &mut PartBuffer,
    stall_ms: u64,
    progress: impl Fn(u64),
) -> Result<(), Fault> {
    let expected = Expected::new(recorded, range);
    let movement = Movement::within(stall_ms);
    let getting = core::pin::pin!(async {
        let mut request = send(get, &expected.bytes).map_err(no_answer)?;
        let answer = request.answer().await.map_err(no_answer)?;
        movement.progressed();
        expected.compare(&answer)?;
        let body = Body::of(&answer).map_err(no_answer)?;
        let mut at = 0;
        while let Some(more) = body.read(buffer, at).await? {
            movement.progressed();
            at = more;
            progress(at);
        }
        match at == expected.len {
            true => Ok(()),
            false => Err(no_answer(JsValue::NULL)),
        }
    });
    let stalled = core::pin::pin!(movement.stalled());
    match select(getting, stalled).await {
        Either::Left((got, _)) => got,
        Either::Right(_) => Err(no_answer(JsValue::NULL)),
    }
}

fn send(get: &PresignedGet, range: &str) -> Result<Fetch, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &get.headers {
        headers.set(name, value)?;
    }
    headers.set("range", range)?;
    Fetch::send(&get.url, &headers, &RequestInit::new())
}

fn no_answer(_: JsValue) -> Fault {
    RequestError::no_answer(Peer::Store).into()
}

/// The values that the answer must have.
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
    fn compare(&self, answer: &Response) -> Result<(), Fault> {
        let headers = answer.headers();
        let header = |name| headers.get(name).ok().flatten();
        match answer.status() {
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

/// The body of an answer.
struct Body {
    reader: JsValue,
    /// Whether the browser writes into our buffer. Otherwise the bytes are copied there.
    is_written: bool,
}

impl Body {
    /// Safari up to version 18 does not write into buffers.
    fn of(answer: &Response) -> Result<Self, JsValue> {
        let body = Reflect::get(answer, &"body".into())?;
        let options = Object::new();
        Reflect::set(&options, &"mode".into(), &"byob".into())?;
        Ok(match call(&body, "getReader", &options) {
            Ok(reader) => Self {
                reader,
                is_written: true,
            },
            Err(_) => Self {
                reader: call(&body, "getReader", &JsValue::UNDEFINED)?,
                is_written: false,
            },
        })
    }

    /// Reads some bytes to offset `at` of the buffer, and returns the offset behind them, or `None` at the end.
    ///
    /// # Errors
    /// Returns [`Fault::ObjectReplaced`] if more bytes come than the buffer has, because a body without a promised
    /// length could fill all memory, and [`Fault::Request`] if the connection is lost.
    async fn read(&self, buffer: &mut PartBuffer, at: u64) -> Result<Option<u64>, Fault> {
        buffer.renew();
        let len = u64::from(buffer.bytes().length());
        let rest = within(buffer.bytes(), at..len, 0).ok_or(Fault::ObjectReplaced)?;
        let rest_len = rest.length();
        if rest_len == 0 {
            // Browsers read nothing into an empty array, and only another read shows that the body ends here.
            let beyond = self.next(&Uint8Array::new_with_length(1)).await;
            let (_, is_end) = beyond.map_err(no_answer)?;
            return is_end.then_some(None).ok_or(Fault::ObjectReplaced);
        }
        let (bytes, is_end) = self.next(&rest).await.map_err(no_answer)?;
        if self.is_written && !buffer.take_back(&bytes.buffer()) {
            return Err(no_answer(JsValue::NULL));
        }
        if is_end {
            return Ok(None);
        }
        if bytes.length() > rest_len {
            return Err(Fault::ObjectReplaced);
        }
        if !self.is_written {
            rest.set(&bytes, 0);
        }
        Ok(at.checked_add(bytes.length().into()))
    }

    /// Returns the next bytes, and whether the body has ended. A reader that does not write into `into` ignores it.
    async fn next(&self, into: &Uint8Array) -> Result<(Uint8Array, bool), JsValue> {
        let read = call(&self.reader, "read", into)?;
        let read = JsFuture::from(Promise::resolve(&read)).await?;
        let is_end = Reflect::get(&read, &"done".into())?.is_truthy();
        let bytes = Reflect::get(&read, &"value".into())?.dyn_into();
        let none = |_| Uint8Array::new_with_length(0);
        Ok((bytes.unwrap_or_else(none), is_end))
    }
}

fn call(of: &JsValue, method: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    let method: Function = Reflect::get(of, &method.into())?.dyn_into()?;
    method.call1(of, argument)
}

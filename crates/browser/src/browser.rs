//! Wraps what the global scope of a window or a worker offers: cryptography, randomness, time, and whether
//! there is a network. Also converts numbers and byte views between Rust and JavaScript.

use core::ops::Range;

use futures::channel::oneshot;
use js_sys::{Date, Uint8Array, global};
use sealift_transfer::address::Moment;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Crypto, Headers, Request, RequestCache, RequestInit, Response, SubtleCrypto,
    WorkerGlobalScope, WorkerNavigator,
};

use crate::failure::Fault;

/// Returns the global scope, typed as a worker's. A window's has all members that we use, too.
pub(crate) fn scope() -> WorkerGlobalScope {
    global().unchecked_into()
}

/// Returns `navigator`, typed as a worker's. A window's has all members that we use, too.
pub(crate) fn navigator() -> WorkerNavigator {
    scope().navigator()
}

/// Returns `crypto.subtle`.
///
/// # Errors
/// Returns [`Fault::Browser`] outside a secure context, because browsers offer WebCrypto only there.
pub fn subtle() -> Result<SubtleCrypto, Fault> {
    let subtle = crypto()?.subtle();
    if subtle.is_undefined() {
        return Err(Fault::Browser("WebCrypto"));
    }
    Ok(subtle)
}

fn crypto() -> Result<Crypto, Fault> {
    scope().crypto().map_err(|_| Fault::Browser("WebCrypto"))
}

/// Returns random bytes that are fit for keys.
///
/// # Errors
/// Returns [`Fault::Browser`] if the browser gives no random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    crypto()?
        .get_random_values_with_u8_array(&mut bytes)
        .map_err(|_| Fault::Browser("crypto.getRandomValues"))?;
    Ok(bytes)
}

/// Returns a random number that spreads retries, or 0 if there is no randomness. Retries still work with 0.
pub(crate) fn jitter() -> u16 {
    random().map_or(0, u16::from_be_bytes)
}

/// A timer of the global scope. Dropping it cancels the timer.
struct Timer {
    handle: Option<i32>,
    _rings: Closure<dyn FnMut()>,
}

/// Waits `wait_ms` milliseconds. Dropping the future cancels its timer.
pub(crate) async fn sleep(wait_ms: u64) {
    let timeout = i32::try_from(wait_ms).unwrap_or(i32::MAX);
    let (ring, rang) = oneshot::channel();
    let rings = sends_once(ring);
    let handle = scope().set_timeout_with_callback_and_timeout_and_arguments_0(
        rings.as_ref().unchecked_ref(),
        timeout,
    );
    let _timer = Timer {
        handle: handle.ok(),
        _rings: rings,
    };
    let _rang = rang.await;
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(handle) = self.handle {
            scope().clear_timeout_with_handle(handle);
        }
    }
}

/// Returns whether the browser believes that there is a network. It may be wrong either way.
pub(crate) fn is_online() -> bool {
    navigator().on_line()
}

/// Milliseconds between two checks for a network. We poll because Chromium's workers do not get the event
/// `online`.
const ASK_EVERY_MS: u64 = 500;
/// The most checks before the next attempt: half a minute. Browsers may be wrong about the network, and
/// only an attempt shows it.
const MOST_QUESTIONS: u8 = 60;

/// Waits until the browser believes that there is a network, or for half a minute.
pub(crate) async fn online() {
    for _ in 0..MOST_QUESTIONS {
        if is_online() {
            return;
        }
        sleep(ASK_EVERY_MS).await;
    }
}

/// A request under way. Dropping it aborts the request, and the body of its answer.
pub(crate) struct Fetch {
    answer: JsFuture,
    abort: AbortController,
}

impl Fetch {
    /// Sends a request that no cache answers, and whose answer stays in no cache.
    ///
    /// # Errors
    /// Fails if the browser does not send it.
    pub(crate) fn send(url: &str, headers: &Headers, init: &RequestInit) -> Result<Self, JsValue> {
        let abort = AbortController::new()?;
        init.set_headers_headers(headers);
        init.set_signal(Some(&abort.signal()));
        init.set_cache(RequestCache::NoStore);
        let request = Request::new_with_str_and_init(url, init)?;
        let answer = JsFuture::from(scope().fetch_with_request(&request));
        Ok(Self { answer, abort })
    }

    /// Waits for the answer's status and headers. Call it once.
    pub(crate) async fn answer(&mut self) -> Result<Response, JsValue> {
        Ok((&mut self.answer).await?.unchecked_into())
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// Returns a callback that may be called often and sends on `sender` once.
pub(crate) fn sends_once(sender: oneshot::Sender<()>) -> Closure<dyn FnMut()> {
    let mut sender = Some(sender);
    Closure::new(move || {
        // Sending fails if the receiver has just stopped waiting.
        let _received = sender.take().map(|sender| sender.send(()));
    })
}

/// Returns the view of `range` in `bytes`, whose first byte is at offset `base`.
pub(crate) fn within(bytes: &Uint8Array, range: Range<u64>, base: u64) -> Option<Uint8Array> {
    let start = u32::try_from(range.start.checked_sub(base)?).ok()?;
    let end = u32::try_from(range.end.checked_sub(base)?).ok()?;
    Some(bytes.subarray(start, end))
}

/// Reads the two clocks of this machine, from which the age of a presigned URL is computed.
pub(crate) fn moment() -> Moment {
    let steady = scope().performance();
    Moment {
        wall_ms: time_ms_of(Date::now()),
        steady_ms: steady.map_or(0, |steady| len_of(steady.now())),
    }
}

/// Converts a length to JavaScript's number. It is exact below 2^53, and browsers have no longer files.
#[expect(
    clippy::as_conversions,
    reason = "std has no other conversion to floating point numbers"
)]
pub(crate) fn number_of(len: u64) -> f64 {
    len as f64
}

/// Converts JavaScript's number to a length. Negative numbers and NaN become 0.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "std has no other conversion from floating point numbers; this one saturates"
)]
pub(crate) fn len_of(number: f64) -> u64 {
    number as u64
}

/// Converts JavaScript's number to a time in milliseconds since the Unix epoch.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "std has no other conversion from floating point numbers; this one saturates"
)]
pub(crate) fn time_ms_of(number: f64) -> i64 {
    number as i64
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, pin_mut};
    use js_sys::{Object, Reflect};
    use sealift_transfer::retry::RequestFailure;
    use wasm_bindgen::JsValue;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::failure::{Peer, RequestError};

    /// Overrides `navigator.onLine` until it is dropped.
    struct Believed;

    impl Believed {
        fn online(is_online: bool) -> Self {
            let believed = Object::new();
            Reflect::set(&believed, &"value".into(), &is_online.into()).unwrap();
            Reflect::set(&believed, &"configurable".into(), &JsValue::TRUE).unwrap();
            Object::define_property(&navigator(), &"onLine".into(), &believed);
            Self
        }
    }

    impl Drop for Believed {
        fn drop(&mut self) {
            Reflect::delete_property(&navigator(), &"onLine".into()).unwrap();
        }
    }

    #[wasm_bindgen_test]
    async fn without_a_network_a_request_waits_for_one_and_then_goes_on() {
        let believed = Believed::online(false);
        let failed = RequestError::no_answer(Peer::Store).failure;
        let waiting = online();
        pin_mut!(waiting);
        let waits = waiting.as_mut().now_or_never().is_none();
        let back = Believed::online(true);
        waiting.await;
        let failed_later = RequestError::no_answer(Peer::Store).failure;
        drop((believed, back));
        assert_eq!(failed, RequestFailure::Offline);
        assert!(waits);
        assert_eq!(failed_later, RequestFailure::Network);
    }
}

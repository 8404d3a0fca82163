//! What a browser's global scope gives, window or worker alike: cryptography, randomness, time.

use js_sys::{Promise, global};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Crypto, SubtleCrypto, WorkerGlobalScope};

use crate::failure::Fault;

/// The scope we run in. A window has all that is used of a worker's.
pub(crate) fn scope() -> WorkerGlobalScope {
    global().unchecked_into()
}

/// `crypto.subtle`.
///
/// # Errors
/// [`Fault::Browser`] outside a secure context: browsers have it only there.
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

/// Random bytes, fit for keys.
///
/// # Errors
/// [`Fault::Browser`].
pub fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    crypto()?
        .get_random_values_with_u8_array(&mut bytes)
        .map_err(|_| Fault::Browser("crypto.getRandomValues"))?;
    Ok(bytes)
}

/// Spreads retries; 0 where there is no randomness, which is still right.
pub(crate) fn jitter() -> u16 {
    random().map_or(0, u16::from_be_bytes)
}

/// Waits. Dropped earlier, its time comes and nothing happens.
pub(crate) async fn sleep(wait_ms: u64) {
    let timeout = i32::try_from(wait_ms).unwrap_or(i32::MAX);
    let waits = Promise::new(&mut |resolve, _| {
        let done = Closure::once_into_js(move || resolve.call0(&JsValue::UNDEFINED));
        // It fails only where the scope is being torn down.
        let _handle = scope()
            .set_timeout_with_callback_and_timeout_and_arguments_0(done.unchecked_ref(), timeout);
    });
    let _undefined = JsFuture::from(waits).await;
}

/// JavaScript's number for a length. Exact below 2^53, and browsers have no longer file.
#[expect(
    clippy::as_conversions,
    reason = "std has no other conversion to floating point numbers"
)]
pub(crate) fn number_of(len: u64) -> f64 {
    len as f64
}

/// A length for JavaScript's number; what is none becomes 0.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "std has no other conversion from floating point numbers; this one saturates"
)]
pub(crate) fn len_of(number: f64) -> u64 {
    number as u64
}

/// A time for JavaScript's number, milliseconds since the Unix epoch.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "std has no other conversion from floating point numbers; this one saturates"
)]
pub(crate) fn time_ms_of(number: f64) -> i64 {
    number as i64
}

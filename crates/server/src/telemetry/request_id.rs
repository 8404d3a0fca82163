//! Gives every request an id, which stands in its log lines, its audit rows, its Problem and its
//! answer.

use core::fmt;
use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue};
use sealift_transfer::api::UploadId;
use tracing::Instrument as _;

/// The field of a request's span that holds the id of the caller's API key or ticket, once it is known.
pub(crate) const CREDENTIAL_FIELD: &str = "credential";

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request: 26 characters like our other ids, made here. A caller's own
/// `X-Request-Id` is ignored, because it could imitate another request's id or contain text that
/// must not be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Makes an id from 128 random bits.
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(UploadId::from_random(bits).to_string())
    }

    /// Returns the 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Middleware: gives the request its [`RequestId`] (an extension) and a span with it, gives the
/// answer an `X-Request-Id`, and logs one line. The line holds only the route's pattern, not the
/// address.
pub async fn with_request_id(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut bits = [0_u8; 16];
    // Without randomness nothing else works either; an id of zeros does no harm.
    let _ = getrandom::fill(&mut bits);
    let id = RequestId::from_random(bits);
    request.extensions_mut().insert(id.clone());

    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str)
        .to_owned();
    let method = known(request.method());
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        http.method = method,
        http.route = route,
        credential = tracing::field::Empty,
    );

    let mut answer = next.run(request).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        answer.headers_mut().insert(HEADER, value);
    }
    let _entered = span.entered();
    let http_status = answer.status().as_u16();
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        http.status = http_status,
        took_ms,
        "Answered {method} {route} with {http_status}"
    );
    answer
}

/// Returns a known method's name, because a method can be any text on the wire.
fn known(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

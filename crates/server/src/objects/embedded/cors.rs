//! Decides what a page may request of the embedded store from its own origin.

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

const CHECKSUM: HeaderName = HeaderName::from_static("x-amz-checksum-sha256");

/// Allows pages of these origins and no others. Credentials mode stays off, because the signature
/// is in the URL.
pub(super) fn allowing(page_origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(page_origins))
        .allow_methods([Method::GET, Method::HEAD, Method::PUT])
        .allow_headers([
            CHECKSUM,
            header::IF_NONE_MATCH,
            header::IF_MATCH,
            header::RANGE,
            header::CONTENT_TYPE,
        ])
        .expose_headers([
            header::CONTENT_RANGE,
            header::CONTENT_LENGTH,
            header::ACCEPT_RANGES,
            header::ETAG,
            header::RETRY_AFTER,
            header::DATE,
        ])
}

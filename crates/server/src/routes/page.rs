//! The upload page: the built files, under a policy that lets in nothing of another origin.

use std::path::Path;

use axum::Router;
use http::{HeaderName, HeaderValue, header};
use tower::ServiceBuilder;
use tower_http::{
    compression::CompressionLayer, services::ServeDir, set_header::SetResponseHeaderLayer,
};

use crate::app::App;

/// Serves the files of `folder`; `store_origin` is where the page's worker sends parts.
pub(crate) fn page(folder: &Path, store_origin: &str) -> Router<App> {
    let policy = [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        &format!("connect-src 'self' {store_origin}"),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        // The page's only one, for its worker (web/uploads.js).
        "trusted-types sealift",
    ]
    .join("; ");
    let set = |name: HeaderName, value: &str| {
        // An origin that no header can hold was refused with the configuration.
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_str(value).ok())
    };
    let files = ServiceBuilder::new()
        .layer(set(header::CONTENT_SECURITY_POLICY, &policy))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "no-referrer"))
        .layer(set(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(set(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        // Asked again each time, answered with 304: an update is never half old.
        .layer(set(header::CACHE_CONTROL, "no-cache"))
        .layer(CompressionLayer::new())
        .service(ServeDir::new(folder));
    Router::new().fallback_service(files)
}

//! The pages: the built files, under a policy that lets in nothing of another origin.

use std::path::Path;

use axum::{Router, middleware};
use http::{HeaderName, HeaderValue, header};
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

use super::no_route::refusals_of_files;
use crate::app::App;

/// Serves the files of `folder`; `store_origin` is where the pages' workers send parts and fetch
/// objects. `/` is the page for uploads, `/files` that of one's files, and `/files/{id}` the page
/// of one file, whatever the id: whether there is such a file is the API's to tell.
pub(crate) fn page(folder: &Path, store_origin: &str) -> Router<App> {
    let policy = [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        &format!("connect-src 'self' {store_origin}"),
        "base-uri 'none'",
        // For those without script: `POST /upload`.
        "form-action 'self'",
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
    // Compressed by the page's builder, once, and as small as it gets.
    let page = |name: &str| {
        ServeFile::new(folder.join(name))
            .precompressed_br()
            .precompressed_gzip()
    };
    let files = ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip();
    Router::new()
        .route_service("/files", page("files.html"))
        .route_service("/files/{id}", page("file.html"))
        .fallback_service(files)
        .layer(middleware::from_fn(refusals_of_files))
        .layer(set(header::CONTENT_SECURITY_POLICY, &policy))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // Not `no-referrer`: browsers would post the form without script as if from nowhere, and the
        // guard of a server without login would refuse it. Nobody else is told either way.
        .layer(set(header::REFERRER_POLICY, "same-origin"))
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
}

//! The pages: the built files, under a Content-Security-Policy that admits nothing from another
//! origin except the connections to the store.

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
/// objects. `/` is the page for uploads, `/files` the page of the caller's files, and `/files/{id}`
/// the page of one file. That page is served for every id, because only the API says whether the file
/// exists.
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
        // Browsers without script send their form to `POST /upload`.
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        // The page's only policy for trusted types. Its worker needs it (web/common/bridge.js).
        "trusted-types sealift",
    ]
    .join("; ");
    let set = |name: HeaderName, value: &str| {
        // The configuration refuses an origin that cannot stand in a header, so this is never None.
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_str(value).ok())
    };
    // The page builder has compressed the files once, as small as possible.
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
        // Not `no-referrer`: with it browsers post the form without script with a null origin, and the
        // guard of a server without login refuses that. Both policies send nothing to other origins.
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(set(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(set(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        // Browsers ask again each time and mostly get 304, so that no page mixes files of two versions.
        .layer(set(header::CACHE_CONTROL, "no-cache"))
}

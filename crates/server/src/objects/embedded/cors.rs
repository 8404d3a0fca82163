//! Decides what a page may request of the embedded store from its own origin.

use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::super::cors::{ALLOWED_HEADERS, EXPOSED_HEADERS, METHODS};

/// Allows pages of these origins and no others. Credentials mode stays off, because the signature
/// is in the URL.
pub(super) fn allowing(page_origins: Vec<HeaderValue>) -> CorsLayer {
    let methods = METHODS.iter().filter_map(|method| method.parse().ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(page_origins))
        .allow_methods(methods.collect::<Vec<Method>>())
        .allow_headers(names(&ALLOWED_HEADERS))
        .expose_headers(names(&EXPOSED_HEADERS))
}

fn names(headers: &[&str]) -> Vec<HeaderName> {
    headers
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_in_the_lists_is_dropped() {
        assert_eq!(names(&ALLOWED_HEADERS).len(), ALLOWED_HEADERS.len());
        assert_eq!(names(&EXPOSED_HEADERS).len(), EXPOSED_HEADERS.len());
        assert!(
            METHODS
                .iter()
                .all(|method| method.parse::<Method>().is_ok())
        );
    }
}

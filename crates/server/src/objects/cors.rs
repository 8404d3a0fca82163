//! The requests that pages send to the store from another origin, and the headers that they read. This is
//! the only list: the embedded store allows exactly these, and `sealift bootstrap` and the CloudFormation
//! template make a rule of them (docs/STORES.md).

use super::StoreEncryption;

/// The methods of the pages' requests.
pub const METHODS: [&str; 3] = ["GET", "HEAD", "PUT"];

/// The headers that pages send.
pub const ALLOWED_HEADERS: [&str; 5] = [
    "x-amz-checksum-sha256",
    "if-none-match",
    "if-match",
    "range",
    "content-type",
];

/// Returns the headers that pages send to a store with this encryption.
pub(crate) fn headers_of_pages(encryption: &StoreEncryption) -> Vec<&'static str> {
    let all = ALLOWED_HEADERS.into_iter().chain(encryption.headers());
    all.collect()
}

/// The headers of answers that pages read. A browser hides all others.
pub const EXPOSED_HEADERS: [&str; 6] = [
    "Content-Range",
    "Content-Length",
    "Accept-Ranges",
    "ETag",
    "Retry-After",
    "Date",
];

/// The seconds for which a browser may remember the answer to a preflight. Every part has a URL of its own,
/// so this saves only the preflights of repeated PUTs.
pub const MAX_AGE_SECONDS: i32 = 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_in_the_documents_is_this_one() {
        let page = include_str!("../../../../docs/STORES.md");
        for (name, list) in [
            ("AllowedMethods", &METHODS[..]),
            ("AllowedHeaders", &ALLOWED_HEADERS),
            ("ExposeHeaders", &EXPOSED_HEADERS),
        ] {
            let line = format!("\"{name}\": [\"{}\"]", list.join("\", \""));
            assert!(page.contains(&line), "{line}");
        }
    }
}

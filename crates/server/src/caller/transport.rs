//! Checks the transport of a request: TLS, or a connection within this machine.

use std::net::SocketAddr;

use axum::{extract::ConnectInfo, http::request::Parts};
use http::HeaderMap;
use sealift_transfer::api::ProblemCode;

use super::loopback;
use crate::{app::App, problem::Refusal};

/// Refuses a request over an unencrypted network, because keys, plaintext and API keys travel only over
/// TLS or within this machine.
pub(super) fn secure_transport(parts: &Parts, app: &App) -> Result<(), Refusal> {
    let was_forwarded = loopback::is_forwarded(&parts.headers);
    let over_tls = app.config.trust_proxy && is_all_https(&parts.headers);
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let within = peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    if over_tls || (within && !was_forwarded) {
        return Ok(());
    }
    Err(Refusal::new(
        ProblemCode::InsecureTransport,
        "Use https: keys and files are not sent over an open connection. Behind a proxy that \
         ends TLS, the operator sets SEALIFT_TRUST_PROXY=true.",
    ))
}

/// Returns true if every proxy on the way says that its client used TLS. Each proxy may add an item to
/// the list, or a header of its own. An empty item says nothing, as in every HTTP list.
fn is_all_https(headers: &HeaderMap) -> bool {
    let mut says_https = false;
    for value in headers.get_all("x-forwarded-proto") {
        let Ok(list) = value.to_str() else {
            return false;
        };
        for item in list.split(',').map(str::trim) {
            match item {
                "" => {}
                item if item.eq_ignore_ascii_case("https") => says_https = true,
                _ => return false,
            }
        }
    }
    says_https
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_tls(values: &[&[u8]]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append("x-forwarded-proto", value);
        }
        is_all_https(&headers)
    }

    #[test]
    fn every_proxy_on_the_way_must_say_https_in_whatever_spelling() {
        let all: [&[&[u8]]; 10] = [
            &[b"https"],
            &[b"HTTPS"],
            &[b"Https"],
            &[b"https, https"],
            &[b"https,https"],
            &[b" https ,\thttps "],
            &[b"https,"],
            &[b", ,https"],
            &[b"https", b"HTTPS"],
            &[b"", b"https, hTTps"],
        ];
        for values in all {
            assert!(is_tls(values), "{values:?}");
        }
    }

    #[test]
    fn one_that_says_anything_else_is_enough() {
        let others: [&[&[u8]]; 13] = [
            &[],
            &[b""],
            &[b" , "],
            &[b"http"],
            &[b"HTTP"],
            &[b"https, http"],
            &[b"http,https"],
            &[b"https", b"http"],
            &[b"http", b"https"],
            &[b"https https"],
            &[b"\"https\""],
            &[b"wss"],
            &[b"https, \xff"],
        ];
        for values in others {
            assert!(!is_tls(values), "{values:?}");
        }
    }
}

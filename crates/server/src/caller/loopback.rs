//! The guard of a server without login: only this machine's own pages and programs get through
//! (DESIGN.md 5). A page of another origin in the same browser, a name that was pointed at
//! loopback (DNS rebinding) and a proxy that somebody put in front are refused.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, header, uri::Authority};
use sealift_transfer::api::ProblemCode;

use crate::{app::App, config::Auth, problem::Refusal};

/// Middleware over everything, pages included.
pub(crate) async fn only_this_machine(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    if app.config.auth == Auth::None && !is_own(request.headers(), &app.config.page_origins) {
        return Refusal::new(
            ProblemCode::HostNotAllowed,
            "Without login this server answers pages and programs of its own machine only: open \
             it as http://localhost, without a proxy.",
        )
        .into_response();
    }
    next.run(request).await
}

/// Whether a proxy passed the request on.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name == "forwarded" || name == "via" || name.starts_with("x-forwarded-")
    })
}

fn is_own(headers: &HeaderMap, page_origins: &[String]) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().ok());
    let Some(Some(host)) = text(header::HOST) else {
        return false;
    };
    // An authority may begin with a user's name; a Host may not.
    let is_loopback = !host.contains('@')
        && host
            .parse::<Authority>()
            .is_ok_and(|host| matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]"));
    let own_origin = match text(header::ORIGIN) {
        None => true,
        Some(Some(origin)) => {
            origin == format!("http://{host}") || page_origins.iter().any(|own| own == origin)
        }
        Some(None) => false,
    };
    let only_one_host = headers.get_all(header::HOST).iter().count() == 1;
    is_loopback && own_origin && only_one_host && !is_forwarded(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(given: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        is_own(&headers, &["http://localhost:9000".to_owned()])
    }

    #[test]
    fn pages_and_programs_of_this_machine_get_through() {
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:8080",
            "[::1]:8080",
        ] {
            assert!(own(&[("host", host)]), "{host}");
        }
        assert!(own(&[
            ("host", "localhost:80"),
            ("origin", "http://localhost:80")
        ]));
        assert!(own(&[
            ("host", "localhost:80"),
            ("origin", "http://localhost:9000")
        ]));
    }

    #[test]
    fn another_name_another_page_and_a_proxy_do_not() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "user@localhost",
            "10.0.0.1",
        ] {
            assert!(!own(&[("host", host)]), "{host}");
        }
        assert!(!own(&[]));
        assert!(!own(&[("host", "localhost"), ("host", "localhost")]));
        for origin in [
            "http://evil.example",
            "http://localhost:81",
            "https://localhost:80",
            "null",
        ] {
            assert!(
                !own(&[("host", "localhost:80"), ("origin", origin)]),
                "{origin}"
            );
        }
        for proxy in ["forwarded", "via", "x-forwarded-for", "x-forwarded-proto"] {
            assert!(!own(&[("host", "localhost"), (proxy, "x")]), "{proxy}");
        }
    }
}

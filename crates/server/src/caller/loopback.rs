//! The guard of a server without login: only this machine's own pages and programs get through, because
//! nothing else protects the files there. It refuses pages of another origin in the same browser, host
//! names that were pointed at loopback (DNS rebinding), and requests that a proxy forwards.
//!
//! A browser says in `Sec-Fetch-Site` which page a request comes from. Programs do not send that
//! header, and neither do old browsers; for those the guard checks `Origin`.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, header, uri::Authority};
use sealift_transfer::api::ProblemCode;

use crate::{app::App, config::Auth, problem::Refusal};

/// The two kinds of routes that the guard protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    /// The API and the forms, which read and change files.
    Api,
    /// The built files of the pages, which are the same for everybody and change nothing. Another page,
    /// for example in a web mail, may link to them.
    Pages,
}

/// The guard as middleware for the API and the forms.
pub(crate) async fn only_this_machine(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    guarded(&app, Face::Api, request, next).await
}

/// The guard as middleware for the pages.
pub(crate) async fn only_this_machine_or_a_link(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    guarded(&app, Face::Pages, request, next).await
}

async fn guarded(app: &App, face: Face, request: Request, next: Next) -> Response {
    if app.config.auth != Auth::None {
        return next.run(request).await;
    }
    let (headers, origins) = (request.headers(), &app.config.page_origins);
    let why = if !is_own(headers, origins) {
        "Without login this server answers pages and programs of its own machine only: open it as \
         http://localhost, without a proxy."
    } else if !may_come_from_there(request.method(), headers, origins, face) {
        "Another web page sent this request. Without login this server takes requests of its own \
         pages and of programs of its own machine only: type its address to open it."
    } else {
        return next.run(request).await;
    };
    Refusal::new(ProblemCode::HostNotAllowed, why).into_response()
}

/// Returns true if the page that sent the request may do so: our own page, a configured one, or no page
/// at all. A page of another port or host name of this machine is another page, too.
fn may_come_from_there(
    method: &Method,
    headers: &HeaderMap,
    page_origins: &[String],
    face: Face,
) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    if sites.all(|site| site == "same-origin" || site == "none") {
        return true;
    }
    let is = |name: &str, expected: &str| headers.get(name).is_some_and(|given| given == expected);
    let is_configured = page_origins.iter().any(|origin| is("origin", origin));
    // A person followed a link. It is not a frame, an image or a script.
    let is_link = method == Method::GET
        && is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document");
    is_configured || (face == Face::Pages && is_link)
}

/// Returns true if a proxy forwarded the request.
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
    // An authority may begin with a user name, but a Host header may not.
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

    /// Returns true if the guard lets a request through that a page of this site sends.
    fn comes_through(
        face: Face,
        method: &Method,
        site: Option<&'static str>,
        more: &[(&'static str, &'static str)],
    ) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in site.map(|site| ("sec-fetch-site", site)).iter().chain(more) {
            headers.append(*name, value.parse().unwrap());
        }
        may_come_from_there(
            method,
            &headers,
            &["http://localhost:9000".to_owned()],
            face,
        )
    }

    const METHODS: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const LINK: [(&str, &str); 2] = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];

    #[test]
    fn programs_and_our_own_pages_may_send_anything() {
        for face in [Face::Api, Face::Pages] {
            for method in METHODS {
                for site in [None, Some("same-origin"), Some("none")] {
                    assert!(comes_through(face, &method, site, &[]), "{method} {site:?}");
                    assert!(
                        comes_through(face, &method, site, &LINK),
                        "{method} {site:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn another_page_may_only_link_to_our_pages() {
        for site in [
            "cross-site",
            "same-site",
            "",
            "SAME-ORIGIN",
            "same-origin, none",
        ] {
            for method in METHODS {
                let link = |face| comes_through(face, &method, Some(site), &LINK);
                assert!(!link(Face::Api), "{method} {site}");
                assert_eq!(link(Face::Pages), method == Method::GET, "{method} {site}");
                for (mode, dest) in [
                    ("navigate", "iframe"),
                    ("navigate", "embed"),
                    ("navigate", "object"),
                    ("no-cors", "document"),
                    ("no-cors", "image"),
                    ("cors", "empty"),
                ] {
                    let more = [("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
                    for face in [Face::Api, Face::Pages] {
                        let through = comes_through(face, &method, Some(site), &more);
                        assert!(!through, "{method} {site} {mode} {dest}");
                    }
                }
                for face in [Face::Api, Face::Pages] {
                    assert!(
                        !comes_through(face, &method, Some(site), &[]),
                        "{method} {site}"
                    );
                    let other = [("origin", "http://localhost:81")];
                    assert!(
                        !comes_through(face, &method, Some(site), &other),
                        "{method} {site}"
                    );
                    let configured = [("origin", "http://localhost:9000")];
                    assert!(comes_through(face, &method, Some(site), &configured));
                }
            }
        }
        let both = [("sec-fetch-site", "cross-site")];
        assert!(!comes_through(
            Face::Api,
            &Method::POST,
            Some("none"),
            &both
        ));
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

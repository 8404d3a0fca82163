//! Callers: API keys and their roles, the guard of a server without login, and the connections that may
//! carry keys and plaintext.

use http::Method;
use sealift_server::{ApiKey, records::Roles};
use sealift_transfer::api::{FileList, ProblemCode, files, open};

use crate::support::{Answer, Client, Stack};

#[tokio::test]
async fn without_a_known_api_key_nobody_gets_in() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let known = stack.login("acme", "ada", Roles::ALL).await;
    let text = known.api_key();
    let changed = |at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
        String::from_utf8(bytes).unwrap()
    };
    let never = ApiKey::from_random([9; 16], zeroize::Zeroizing::new([9; 32])).reveal();
    let (wrong_id, wrong_secret) = (changed(8), changed(40));
    let secret_only = text.rsplit('_').next().unwrap();
    let bad = [
        "",
        "x",
        "sealift__",
        &never,
        &wrong_id,
        &wrong_secret,
        secret_only,
        text.strip_suffix(char::is_alphanumeric).unwrap(),
    ];
    let file = sealift_transfer::api::FileId::from_random([1; 16]);
    for path in [
        files::PATH,
        &files::path(&file),
        &files::content_path(&file),
    ] {
        for key in bad {
            let answer = stack.client().with_api_key(key).get(path).await;
            answer.refused(ProblemCode::Unauthenticated);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let nothing = stack.client().get(path).await;
        nothing.refused(ProblemCode::Unauthenticated);
        let basic = stack
            .client()
            .get_with(path, "authorization", "Basic YTpi")
            .await;
        basic.refused(ProblemCode::Unauthenticated);
    }
    known.get(files::PATH).await.json::<FileList>(200);
}

/// Lists the files of a server without login, with one more request header.
async fn guarded(client: &Client, name: &str, value: &str) -> Answer {
    client.get_with(files::PATH, name, value).await
}

#[tokio::test]
async fn without_login_only_this_machines_own_pages_and_programs_are_served() {
    let stack = Stack::with(&[("page_origins", "http://localhost:9")]).await;
    let client = stack.client();
    let port = stack.server.address().port();
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "localhost.evil.example"),
        ("host", "10.0.0.1"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "localhost"),
        ("forwarded", "for=10.0.0.1"),
        ("via", "1.1 proxy"),
    ] {
        let answer = guarded(&client, name, value).await;
        answer.refused(ProblemCode::HostNotAllowed);
    }
    let own = format!("http://127.0.0.1:{port}");
    let local = format!("localhost:{port}");
    for (name, value) in [
        ("host", local.as_str()),
        ("host", "[::1]"),
        ("origin", own.as_str()),
        ("origin", "http://localhost:9"),
    ] {
        guarded(&client, name, value).await.json::<FileList>(200);
    }
}

#[tokio::test]
async fn without_login_another_page_of_the_browser_may_only_link_to_the_pages() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["index.html", "files.html", "file.html", "start.js"] {
        std::fs::write(folder.path().join(name), "<!doctype html>").unwrap();
    }
    let page_dir = folder.path().to_str().unwrap();
    let stack = Stack::with(&[("page_dir", page_dir)]).await;
    let client = stack.client();
    let record = client.upload("a", b"a").await;
    let (file, page) = (files::path(&record.id), format!("/files/{}", record.id));
    let content = files::content_path(&record.id);
    let link = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let ask = async |method: &Method, path: &str, site: &str, more: &[(&str, &str)]| {
        let request = client.request(method.clone(), path);
        let request = request.header("sec-fetch-site", site);
        let with = |request: reqwest::RequestBuilder, (name, value): &(&str, &str)| {
            request.header(*name, *value)
        };
        Answer::to(more.iter().fold(request, with)).await
    };
    for site in ["cross-site", "same-site"] {
        for path in ["/", "/files", &page] {
            assert_eq!(ask(&Method::GET, path, site, &link).await.status, 200);
            for (method, more) in [
                (Method::POST, link),
                (Method::HEAD, link),
                (Method::GET, [("sec-fetch-mode", "no-cors"), link[1]]),
                (Method::GET, [link[0], ("sec-fetch-dest", "iframe")]),
            ] {
                assert_eq!(
                    ask(&method, path, site, &more).await.status,
                    403,
                    "{method}"
                );
            }
        }
        for (method, path) in [
            (Method::POST, "/upload"),
            (Method::PUT, "/upload/a"),
            (Method::POST, open::PATH),
            (Method::GET, files::PATH),
            (Method::GET, &content),
            (Method::DELETE, &file),
            (Method::OPTIONS, files::PATH),
            (Method::GET, "/v1/nothing"),
            (Method::GET, "/metrics"),
            (Method::GET, "/healthz"),
        ] {
            for more in [&link[..], &[]] {
                let answer = ask(&method, path, site, more).await;
                answer.refused(ProblemCode::HostNotAllowed);
            }
        }
    }
    for site in ["none", "same-origin"] {
        assert_eq!(ask(&Method::GET, "/", site, &[]).await.status, 200);
        assert_eq!(ask(&Method::GET, &content, site, &[]).await.body, b"a");
    }
    assert_eq!(
        ask(&Method::DELETE, &file, "same-origin", &[]).await.status,
        204
    );
}

#[tokio::test]
async fn with_login_a_link_on_another_page_leads_to_the_page_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file.html"), "<!doctype html>").unwrap();
    let page_dir = folder.path().to_str().unwrap();
    let stack = Stack::with(&[("auth", "api-keys"), ("page_dir", page_dir)]).await;
    let client = stack.client();
    let answer = client.get_with("/files/x", "sec-fetch-site", "cross-site");
    assert_eq!(answer.await.status, 200);
}

#[tokio::test]
async fn the_guard_stands_before_every_route() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("a", b"a").await;
    let routes = [
        (Method::POST, open::PATH.to_owned()),
        (Method::GET, files::content_path(&record.id)),
        (Method::DELETE, files::path(&record.id)),
        (Method::GET, "/v1/policy".to_owned()),
        (Method::GET, "/healthz".to_owned()),
        (Method::GET, "/".to_owned()),
        (Method::OPTIONS, files::PATH.to_owned()),
    ];
    for (method, path) in routes {
        let request = client.request(method, &path).header("host", "evil.example");
        Answer::to(request)
            .await
            .refused(ProblemCode::HostNotAllowed);
    }
    assert_eq!(client.content(&record.id).await.body, b"a");
}

#[tokio::test]
async fn another_origins_page_may_not_read_answers() {
    let stack = Stack::with(&[
        ("auth", "api-keys"),
        ("page_origins", "https://own.example"),
    ])
    .await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let allowed = "access-control-allow-origin";
    let own = guarded(&client, "origin", "https://own.example").await;
    assert_eq!(own.header(allowed), "https://own.example");
    let other = guarded(&client, "origin", "https://evil.example").await;
    assert_eq!(other.header(allowed), "");
}

#[tokio::test]
async fn a_configured_origins_page_may_read_ranges_and_go_on_with_them() {
    let origin = "https://own.example";
    let stack = Stack::with(&[("page_origins", origin)]).await;
    let client = stack.client();
    let record = client.upload("a", b"abc").await;
    let path = files::content_path(&record.id);
    let has = |list: &str, names: &[&str]| {
        let list = list.to_lowercase();
        names
            .iter()
            .all(|name| list.split(',').any(|one| one.trim() == *name))
    };
    let preflight = client.request(Method::OPTIONS, &path);
    let preflight = preflight
        .header("origin", origin)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "if-range,range");
    let allowed = Answer::to(preflight).await;
    let allowed = allowed.header("access-control-allow-headers");
    let sent = ["range", "if-range", "if-match", "if-none-match"];
    assert!(has(allowed, &sent), "{allowed}");
    let range = client.request(Method::GET, &path).header("origin", origin);
    let range = Answer::to(range.header("range", "bytes=1-")).await;
    assert_eq!(range.body, b"bc");
    let shown = range.header("access-control-expose-headers");
    let read = [
        "accept-ranges",
        "content-disposition",
        "content-range",
        "etag",
        "location",
        "retry-after",
    ];
    assert!(has(shown, &read), "{shown}");
}

#[tokio::test]
async fn keys_do_not_travel_over_an_open_connection() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    for (name, value) in [
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-proto", "http"),
        // Without a trusted proxy these headers do not count.
        ("x-forwarded-proto", "https"),
        ("forwarded", "proto=https"),
        ("via", "1.1 proxy"),
    ] {
        let answer = guarded(&client, name, value).await;
        answer.refused(ProblemCode::InsecureTransport);
    }
    guarded(&client, "x-other", "1").await.json::<FileList>(200);
}

#[tokio::test]
async fn a_trusted_proxys_word_is_believed() {
    let stack = Stack::with(&[("auth", "api-keys"), ("trust_proxy", "true")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let https = guarded(&client, "x-forwarded-proto", "https").await;
    https.json::<FileList>(200);
    for (name, value) in [
        ("x-forwarded-proto", "http"),
        ("x-forwarded-proto", "https, http"),
        ("x-forwarded-for", "10.0.0.1"),
    ] {
        let answer = guarded(&client, name, value).await;
        answer.refused(ProblemCode::InsecureTransport);
    }
    // The visitor's own claim does not count; only the proxy's header does.
    let request = client.request(Method::GET, files::PATH);
    let request = request.header("x-forwarded-proto", "https");
    let both = Answer::to(request.header("x-forwarded-proto", "http")).await;
    both.refused(ProblemCode::InsecureTransport);
}

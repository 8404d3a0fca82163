//! The built page, if the server serves one.

use std::fs;

use sealift_transfer::api::{ProblemCode, SignedParts};

use crate::support::{Answer, Stack};

const INDEX: &str = "<!doctype html><title>Sealift</title>";

/// Starts a deployment with a page, and with a file outside the page's folder.
async fn with_page() -> (Stack, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("dist");
    fs::create_dir(&page).unwrap();
    fs::write(page.join("index.html"), INDEX).unwrap();
    fs::write(folder.path().join("outside"), "not for readers").unwrap();
    let stack = Stack::with(&[("page_dir", page.to_str().unwrap())]).await;
    (stack, folder)
}

#[tokio::test]
async fn the_page_may_load_from_here_and_send_to_the_store_and_nothing_else() {
    let (stack, _folder) = with_page().await;
    let client = stack.client();
    let page = client.get("/").await;
    assert_eq!((page.status, page.body.as_slice()), (200, INDEX.as_bytes()));
    let file = client.open("a", b"a").await;
    let signed = client.sign(file.id(), &file.receipts()).await;
    let signed: SignedParts = signed.json(200);
    let store: http::Uri = signed.parts[0].url.parse().unwrap();
    let store = format!("http://{}", store.authority().unwrap());
    let policy = [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        &format!("connect-src 'self' {store}"),
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types sealift",
    ];
    assert_eq!(page.header("content-security-policy"), policy.join("; "));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-cache"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn the_pages_of_files_are_served_for_any_id_under_the_same_policy() {
    let (stack, folder) = with_page().await;
    let page = folder.path().join("dist");
    fs::write(page.join("files.html"), "files").unwrap();
    fs::write(page.join("file.html"), "file").unwrap();
    let client = stack.client();
    let policy = client
        .get("/")
        .await
        .header("content-security-policy")
        .to_owned();
    for (path, body) in [
        ("/files", "files"),
        ("/files/aaaaaaaaaaaaaaaaaaaaaaaaaa", "file"),
        ("/files/of-nobody", "file"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, body.as_bytes()),
            "{path}"
        );
        assert_eq!(answer.header("content-security-policy"), policy);
        assert_eq!(answer.header("content-type"), "text/html");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-cache");
        let head = Answer::to(client.request(http::Method::HEAD, path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        let posted = Answer::to(client.request(http::Method::POST, path)).await;
        posted.refused(ProblemCode::MethodNotAllowed);
        assert_ne!(posted.header("allow"), "");
    }
    for path in ["/files/", "/files/a/b", "/file"] {
        client.get(path).await.refused(ProblemCode::NotFound);
    }
}

#[tokio::test]
async fn what_the_pages_builder_compressed_is_served_so() {
    let (stack, folder) = with_page().await;
    let page = folder.path().join("dist");
    for (name, body) in [
        ("page.js", "plain"),
        ("page.js.br", "br"),
        ("page.js.gz", "gz"),
    ] {
        fs::write(page.join(name), body).unwrap();
    }
    let client = stack.client();
    for (asked, encoding, body) in [
        ("gzip, deflate, br", "br", "br"),
        ("gzip", "gzip", "gz"),
        ("identity", "", "plain"),
    ] {
        let answer = client.get_with("/page.js", "accept-encoding", asked).await;
        assert_eq!(answer.header("content-encoding"), encoding);
        assert_eq!(answer.body, body.as_bytes());
        assert_eq!(answer.header("content-type"), "text/javascript");
        let vary = answer.header("vary").to_lowercase();
        assert!(vary.contains("accept-encoding"), "{asked}: {vary}");
    }
}

#[tokio::test]
async fn the_page_hides_no_route_and_shows_no_file_beside_it() {
    let (stack, _folder) = with_page().await;
    let client = stack.client();
    let nothing = client.get("/v1/nothing").await;
    nothing.refused(ProblemCode::NotFound);
    for path in ["/outside", "/..%2foutside", "/%2e%2e%2foutside"] {
        client.get(path).await.refused(ProblemCode::NotFound);
    }
}

#[tokio::test]
async fn the_pages_own_origin_may_send_to_the_store_and_another_may_not() {
    let (stack, _folder) = with_page().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    let signed = &client.sign_all(&file).await[0];
    let asked = |origin: String| {
        let request = client.options(&signed.url).header("origin", origin);
        let request = request.header("access-control-request-method", "PUT");
        let headers = "x-amz-checksum-sha256";
        Answer::to(request.header("access-control-request-headers", headers))
    };
    let allowed = "access-control-allow-origin";
    let own = format!("http://{}", stack.server.address());
    assert_eq!(asked(own.clone()).await.header(allowed), own);
    let evil = asked("https://evil.example".to_owned()).await;
    assert_eq!(evil.header(allowed), "");
}

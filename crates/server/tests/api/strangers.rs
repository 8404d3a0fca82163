//! Ids that belong to another owner of the same tenant, or to another tenant. They are not found, and
//! their uploads and files do not change.

use http::Method;
use sealift_server::records::Roles;
use sealift_transfer::api::{
    FileId, FileList, FileRecord, OpenedUpload, ProblemCode, UploadId, UploadState, UploadStatus,
    complete, files, open, read, sign, status, tickets,
};
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, SealedFile, Stack, sealing::request, ticket_holder::TicketHolder,
};

/// Returns every route that takes the id of an upload.
fn upload_routes(id: &str, file: &SealedFile) -> Vec<(Method, String, Option<Value>)> {
    let id: UploadId = id.parse().unwrap();
    let parts = json!(file.receipts());
    let digest = json!({ "parts_sha256": file.parts_sha256() });
    vec![
        (Method::GET, status::path(&id), None),
        (Method::POST, sign::path(&id), Some(parts)),
        (Method::POST, status::key_path(&id), None),
        (Method::POST, complete::path(&id), Some(digest)),
        (Method::DELETE, status::path(&id), None),
    ]
}

/// Returns every route that takes the id of a file.
fn file_routes(id: &str) -> Vec<(Method, String, Option<Value>)> {
    let id: FileId = id.parse().unwrap();
    vec![
        (Method::GET, files::path(&id), None),
        (Method::GET, files::content_path(&id), None),
        (Method::HEAD, files::content_path(&id), None),
        (Method::POST, read::path(&id), None),
        (Method::GET, tickets::shared_path(&id), None),
        (Method::POST, files::verify_path(&id), None),
        (Method::DELETE, files::path(&id), None),
    ]
}

async fn ask(client: &Client, (method, path, body): &(Method, String, Option<Value>)) -> Answer {
    let request = client.request(method.clone(), path);
    Answer::to(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

/// Expects the answer to a stranger, which reveals nothing: an id that never existed gets the same one.
async fn expect_not_found(client: &Client, route: &(Method, String, Option<Value>)) {
    let answer = ask(client, route).await;
    if route.0 == Method::HEAD {
        assert_eq!(answer.status, 404);
        return;
    }
    let mut problem = answer.refused(ProblemCode::NotFound);
    problem.request_id = None;
    let expected = "There is nothing here for you; check the address.";
    assert_eq!(
        (problem.detail.as_str(), problem.numbers.len()),
        (expected, 0)
    );
}

#[tokio::test]
async fn uploads_and_files_of_another_owner_or_tenant_are_not_found() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let mine = stack.login("acme", "ada", Roles::ALL).await;
    let done = mine.upload("done", b"mine").await;
    let file = mine.open("open", b"mine").await;
    mine.send(&file).await;

    for stranger in [
        stack.login("acme", "bob", Roles::ALL).await,
        stack.login("evil", "ada", Roles::ALL).await,
    ] {
        for route in upload_routes(file.id().as_str(), &file) {
            expect_not_found(&stranger, &route).await;
        }
        for route in upload_routes(done.upload_id.as_str(), &file) {
            expect_not_found(&stranger, &route).await;
        }
        for route in file_routes(done.id.as_str()) {
            expect_not_found(&stranger, &route).await;
        }
        let list: FileList = stranger.get(files::PATH).await.json(200);
        assert_eq!(list.files, []);
        let cursor = format!("{}?cursor={}-{}", files::PATH, i64::MAX, done.id);
        let list: FileList = stranger.get(&cursor).await.json(200);
        assert_eq!(list.files, []);
    }

    let status: UploadStatus = mine.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Open);
    mine.complete(&file).await.json::<FileRecord>(200);
    assert_eq!(mine.content(&done.id).await.body, b"mine");
}

/// Returns every route that a cookie for one file does not open, with its own id or another.
fn other_routes(shared: &FileRecord, upload: &SealedFile) -> Vec<(Method, String, Option<Value>)> {
    let id = &shared.id;
    let asked = request("a-client-token-of-nobody", "a", 1);
    let mut routes = upload_routes(upload.id().as_str(), upload);
    routes.extend([
        (Method::POST, open::PATH.to_owned(), Some(asked)),
        (Method::GET, open::PATH.to_owned(), None),
        (Method::GET, files::PATH.to_owned(), None),
        (Method::GET, files::path(id), None),
        (Method::DELETE, files::path(id), None),
        (Method::POST, files::verify_path(id), None),
        (
            Method::POST,
            tickets::PATH.to_owned(),
            Some(json!({ "file_id": id })),
        ),
        (Method::GET, "/metrics".to_owned(), None),
    ]);
    routes
}

#[tokio::test]
async fn a_cookie_opens_the_file_of_its_ticket_and_nothing_else() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let mine = stack.login("acme", "ada", Roles::ALL).await;
    let [shared, other] = [
        mine.upload("shared", b"shared").await,
        mine.upload("other", b"other").await,
    ];
    let open = mine.open("open", b"open").await;
    let made = mine.make_ticket(&shared.id).await;
    let holder = TicketHolder::of(&stack, &made).await;
    let for_other = format!("sealift-file-{}={}", other.id, holder.secret());
    let ask = async |cookie: &str, (method, path, body): &(Method, String, Option<Value>)| {
        let request = holder.client.request(method.clone(), path);
        let request = request.header("cookie", cookie);
        Answer::to(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    };
    let mut refused = other_routes(&shared, &open);
    refused.extend(file_routes(other.id.as_str()));
    refused.push((Method::DELETE, tickets::path(&made.ticket_id), None));
    for route in &refused {
        for cookie in [
            &holder.cookie,
            &for_other,
            &format!("{}; {for_other}", holder.cookie),
        ] {
            let answer = ask(cookie, route).await;
            assert_eq!(answer.status, 401, "{} {}", route.0, route.1);
        }
    }
    // Another spelling of the shared file's address does not help, either.
    let id = &shared.id;
    for path in [
        format!("/v1/files/{id}/content/../../{}/content", other.id),
        format!("/v1/files/{}/content", id.as_str().to_uppercase()),
        format!("/v1/files/{id}%2fcontent"),
    ] {
        assert!(
            matches!(holder.get(&path).await.status, 401 | 404),
            "{path}"
        );
    }
    assert_eq!(holder.get(&files::content_path(id)).await.body, b"shared");
    mine.send(&open).await;
    mine.complete(&open).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn a_login_wins_over_a_cookie() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let mine = stack.login("acme", "ada", Roles::ALL).await;
    let file = mine.upload("shared", b"shared").await;
    let holder = TicketHolder::of(&stack, &mine.make_ticket(&file.id).await).await;
    let stranger = stack.login("acme", "bob", Roles::ALL).await;
    let uploader = stack.login("acme", "ada", "upload".parse().unwrap()).await;
    let unknown = stack.client().with_api_key("unknown");
    for (client, code) in [
        (stranger, ProblemCode::NotFound),
        (uploader, ProblemCode::Forbidden),
        (unknown, ProblemCode::Unauthenticated),
    ] {
        let request = client.request(Method::GET, &files::content_path(&file.id));
        let answer = Answer::to(request.header("cookie", &holder.cookie)).await;
        answer.refused(code);
    }
}

#[tokio::test]
async fn another_page_of_the_same_site_cannot_use_a_cookie() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let mine = stack.login("acme", "ada", Roles::ALL).await;
    let file = mine.upload("shared", b"shared").await;
    let holder = TicketHolder::of(&stack, &mine.make_ticket(&file.id).await).await;
    let own = format!("http://{}", stack.server.address());
    let ask = async |name: &str, value: &str| {
        let request = holder.request(Method::POST, &read::path(&file.id));
        Answer::to(request.header(name, value)).await
    };
    for (name, value) in [
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "http://127.0.0.1:1"),
        ("origin", "null"),
    ] {
        ask(name, value).await.refused(ProblemCode::Unauthenticated);
    }
    assert_eq!(ask("sec-fetch-site", "same-origin").await.status, 200);
    assert_eq!(ask("origin", &own).await.status, 200);
}

#[tokio::test]
async fn ids_that_never_were_or_are_none_are_not_found() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    let never = UploadId::from_random([7; 16]);
    for route in upload_routes(never.as_str(), &file) {
        expect_not_found(&client, &route).await;
    }
    for route in file_routes(never.as_str()) {
        expect_not_found(&client, &route).await;
    }
    let spelt = file.id().as_str().to_uppercase();
    for bad in [
        "x",
        "%00",
        "..%2f..",
        "%ff",
        spelt.as_str(),
        &"a".repeat(5000),
    ] {
        for path in [
            format!("/v1/uploads/{bad}"),
            format!("/v1/files/{bad}"),
            format!("/v1/files/{bad}/content"),
        ] {
            client.get(&path).await.refused(ProblemCode::NotFound);
        }
    }
}

#[tokio::test]
async fn the_same_client_token_of_another_owner_is_another_upload() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let asked = request("one-token-for-all", "a", 1);
    let mut opened = Vec::new();
    for (tenant, owner) in [("acme", "ada"), ("acme", "bob"), ("evil", "ada")] {
        let client = stack.login(tenant, owner, Roles::ALL).await;
        let upload: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
        opened.push(upload.upload_id);
    }
    opened.sort();
    opened.dedup();
    assert_eq!(opened.len(), 3);
}

#[tokio::test]
async fn each_tenant_has_keys_of_its_own() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    for tenant in ["acme", "evil"] {
        let client = stack.login(tenant, "ada", Roles::ALL).await;
        client.upload("a", b"a").await;
        let keks = "SELECT count(*) FROM keks WHERE tenant = ?";
        assert_eq!(stack.number(keks, tenant).await, 1);
    }
}

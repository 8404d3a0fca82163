//! Ids of somebody else: another owner of the same tenant, another tenant. They are not found,
//! and nothing happens to what they name.

use http::Method;
use sealift_server::records::Roles;
use sealift_transfer::api::{
    FileId, FileList, FileRecord, OpenedUpload, ProblemCode, UploadId, UploadState, UploadStatus,
    complete, files, open, sign, status,
};
use serde_json::{Value, json};

use crate::support::{Answer, Client, SealedFile, Stack, sealing::request};

/// Every route that takes an id of an upload.
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

/// Every route that takes an id of a file.
fn file_routes(id: &str) -> Vec<(Method, String, Option<Value>)> {
    let id: FileId = id.parse().unwrap();
    vec![
        (Method::GET, files::path(&id), None),
        (Method::GET, files::content_path(&id), None),
        (Method::HEAD, files::content_path(&id), None),
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

/// The answer to a stranger, which tells nothing: the same as for an id that never was.
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

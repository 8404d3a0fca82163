//! `POST /v1/files/{id}/open`, by which a browser decrypts a file itself: the content key of one file and
//! a presigned GET of its object.

use http::Method;
use sealift_message::{ContentKey, Decryptor, StoredHeader};
use sealift_server::records::{Records, Roles};
use sealift_transfer::api::{
    FileId, FileOpening, FileRecord, PresignedGet, ProblemCode, Verification, files, read,
};

use crate::support::{Answer, Client, FRAME, PART, Stack, bytes, now_ms};

async fn open(client: &Client, file: &FileId) -> Answer {
    Answer::to(client.request(Method::POST, &read::path(file))).await
}

/// Begins the GET as a browser does: from the store, without this caller's login.
fn get(client: &Client, get: &PresignedGet) -> reqwest::RequestBuilder {
    let request = client.fetch(Method::GET, &get.url);
    let headers = get.headers.iter();
    headers.fold(request, |request, (name, value)| {
        request.header(name, value)
    })
}

#[tokio::test]
async fn a_file_is_fetched_from_the_store_and_opened_without_the_server() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(PART + 2 * FRAME + 1);
    let record = client.upload("a.bin", &plaintext).await;
    let answer = open(&client, &record.id).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let opening: FileOpening = answer.json(200);
    assert_eq!(
        (opening.name.as_str(), &opening.file_id),
        ("a.bin", &record.id)
    );
    assert_eq!(opening.upload_id, record.upload_id);
    assert_eq!(
        (opening.size, opening.sealed_size),
        (record.size, record.sealed_size)
    );
    assert_eq!((&opening.etag, opening.content_type), (&record.etag, None));
    assert_eq!(opening.verification, Verification::Pending);

    let object = Answer::to(get(&client, &opening.get)).await;
    assert_eq!(
        (object.status, object.header("etag")),
        (200, record.etag.as_str())
    );
    let content_key = opening.content_key.to_bytes().unwrap();
    let header = StoredHeader::new(&opening.header).unwrap();
    let header_len = opening.header.len();
    assert_eq!(object.body[..header_len], opening.header);
    let verified = header
        .verify(&ContentKey::from_bytes(&content_key))
        .unwrap();
    let mut decryptor = Decryptor::own(verified, opening.sealed_size).unwrap();
    let mut opened = Vec::new();
    decryptor
        .push(&object.body[header_len..], &mut opened)
        .unwrap();
    decryptor.finish().unwrap();
    assert!(opened == plaintext);

    let range = get(&client, &opening.get).header("range", "bytes=3-6");
    let range = Answer::to(range).await;
    assert_eq!(
        (range.status, range.body.as_slice()),
        (206, &object.body[3..7])
    );
    let whole = format!("bytes 3-6/{}", opening.sealed_size);
    assert_eq!(range.header("content-range"), whole);
}

#[tokio::test]
async fn r6_the_url_is_good_for_the_recorded_object_only_and_for_fifteen_minutes() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("a", b"a").await;
    let before = now_ms();
    let opening: FileOpening = open(&client, &record.id).await.json(200);
    let get_of = &opening.get;
    let lives_ms = get_of.expires_at_ms - before;
    assert!((14 * 60_000..16 * 60_000).contains(&lives_ms), "{lives_ms}");
    assert_eq!(get_of.headers.len(), 1);
    assert_eq!(get_of.headers["if-match"], record.etag);
    let signed = "X-Amz-SignedHeaders=host%3Bif-match";
    assert!(get_of.url.split(['?', '&']).any(|pair| pair == signed));
    assert!(
        get_of
            .url
            .split(['?', '&'])
            .any(|pair| pair == "X-Amz-Expires=900")
    );

    let without = Answer::to(client.fetch(Method::GET, &get_of.url)).await;
    assert!(matches!(without.status, 400 | 403), "{}", without.status);
    let other = client
        .fetch(Method::GET, &get_of.url)
        .header("if-match", "\"other\"");
    assert_eq!(Answer::to(other).await.status, 403);
    for method in [Method::HEAD, Method::PUT, Method::DELETE] {
        let refused = client.fetch(method.clone(), &get_of.url);
        let refused = Answer::to(refused.header("if-match", &record.etag)).await;
        assert_eq!(refused.status, 403, "{method}");
    }
    let another = client.upload("b", b"b").await;
    let elsewhere = PresignedGet {
        url: get_of.url.replace(&record.object_key, &another.object_key),
        ..get_of.clone()
    };
    assert_eq!(Answer::to(get(&client, &elsewhere)).await.status, 403);

    // Another object is put in its place. The store refuses the GET, and the reader compares the ETag.
    let (_, moved) = (
        std::fs::copy(stack.object_of(&another), stack.object_of(&record)).unwrap(),
        std::fs::copy(stack.metadata_of(&another), stack.metadata_of(&record)).unwrap(),
    );
    assert!(moved > 0);
    assert_eq!(Answer::to(get(&client, get_of)).await.status, 412);
}

#[tokio::test]
async fn r5_no_key_is_given_for_a_header_whose_commitment_is_another() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("a", b"a").await;
    let query = "SELECT header FROM files WHERE file_id = ?";
    let mut header = stack.blob(query, record.id.as_str()).await;
    let commitment = header.len() - 48;
    header[commitment] ^= 1;
    let change = "UPDATE files SET header = ? WHERE file_id = ?";
    let changed = stack.change(change, header, record.id.as_str()).await;
    assert_eq!(changed.unwrap(), 1);
    // After a restart no earlier comparison is cached.
    let stack = stack.restart().await;
    let refused = open(&stack.client(), &record.id).await;
    refused.refused(ProblemCode::ObjectDamaged);
    assert!(!String::from_utf8_lossy(&refused.body).contains("content_key"));
    assert_eq!(
        last_entry(&stack).await,
        ("open_file".to_owned(), "object_damaged".to_owned())
    );
}

/// Returns the action and the outcome of the last audit entry.
async fn last_entry(stack: &Stack) -> (String, String) {
    let records = Records::open(&stack.config.database_file()).await.unwrap();
    let entries = records.audit_rows(0, 1000).await.unwrap();
    records.close().await;
    let last = entries.last().unwrap();
    (last.action.clone(), last.outcome.clone())
}

#[tokio::test]
async fn a_key_that_is_given_for_reading_is_kept_in_the_audit() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("a", b"a").await;
    assert_eq!(open(&client, &record.id).await.status, 200);
    assert_eq!(
        last_entry(&stack).await,
        ("open_file".to_owned(), "key".to_owned())
    );
}

#[tokio::test]
async fn whoever_may_not_download_gets_no_key() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let owner = stack.login("acme", "ada", Roles::ALL).await;
    let record = owner.upload("a", b"a").await;
    let uploader = stack.login("acme", "ada", "upload".parse().unwrap()).await;
    let stranger = stack.login("acme", "bob", Roles::ALL).await;
    for (client, code) in [
        (&uploader, ProblemCode::Forbidden),
        (&stranger, ProblemCode::NotFound),
        (&stack.client(), ProblemCode::Unauthenticated),
    ] {
        open(client, &record.id).await.refused(code);
    }
    assert_eq!(owner.delete(&files::path(&record.id)).await.status, 204);
    let gone = open(&owner, &record.id).await;
    gone.refused(ProblemCode::NotFound);
}

#[tokio::test]
async fn keys_for_reading_are_given_so_often_a_minute() {
    let stack = Stack::with(&[("limit_keys", "2")]).await;
    let client = stack.client();
    let record = client.upload("a", b"a").await;
    let mut given = 0;
    let refused = loop {
        let answer = open(&client, &record.id).await;
        if answer.status != 200 {
            break answer;
        }
        given += 1;
        // Some permits come back while the loop runs, so the count may exceed the limit.
        assert!(given < 100);
    };
    refused.refused(ProblemCode::TooManyRequests);
    assert!(!refused.header("retry-after").is_empty());
    assert!(given >= 2, "{given}");
}

#[tokio::test]
async fn a_page_of_the_servers_origin_may_get_from_the_store_and_read_what_it_compares() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record: FileRecord = client.upload("a", b"a").await;
    let opening: FileOpening = open(&client, &record.id).await.json(200);
    let own = format!("http://{}", stack.server.address());
    let asked = |origin: &str| {
        let request = client.options(&opening.get.url).header("origin", origin);
        let request = request.header("access-control-request-method", "GET");
        Answer::to(request.header("access-control-request-headers", "if-match,range"))
    };
    let allowed = asked(&own).await;
    assert_eq!(allowed.header("access-control-allow-origin"), own);
    let headers = allowed.header("access-control-allow-headers");
    assert!(
        headers.contains("if-match") && headers.contains("range"),
        "{headers}"
    );
    let evil = asked("https://evil.example").await;
    assert_eq!(evil.header("access-control-allow-origin"), "");
    let object = Answer::to(get(&client, &opening.get).header("origin", &own)).await;
    let shown = object
        .header("access-control-expose-headers")
        .to_lowercase();
    for name in ["content-range", "content-length", "etag", "accept-ranges"] {
        assert!(shown.contains(name), "{name} in {shown}");
    }
}

//! A file that the server seals is sealed by nobody else. If its upload does not complete, nothing of it
//! is left.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use http::{Method, header};
use sealift_server::{Clock, UnixMillis};
use sealift_transfer::{
    PartNumber,
    api::{
        FileList, FileRecord, PartReceipt, ProblemCode, Sha256, UploadList, complete, files, open,
    },
};
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    form_slow::{Slow, expect_nothing_stored, parts_kept, state_of, wait_for_state},
    support::{
        Answer, Client, PART, Stack, bytes,
        forms::{Part, form, put_file},
        now_ms,
        sealing::request,
    },
};

#[tokio::test]
async fn r2_nobody_else_gets_the_key_of_what_is_sealed_here() {
    let stack = Stack::start().await;
    let client = stack.client();
    let (slow, id) = Slow::begin(&stack).await;
    let key = client.key_again(&id).await;
    key.refused(ProblemCode::UploadNotOpen);
    // The upload's client token is not valid in a request, so no client can name the upload by it.
    let token = "SELECT client_token FROM uploads WHERE upload_id = ?";
    let token = stack.text(token, id.as_str()).await;
    let again = client.post(open::PATH, &request(&token, "slow", 1)).await;
    again.refused(ProblemCode::InvalidField);

    assert_eq!(slow.end().await.status, 201);
    let list: FileList = client.get(files::PATH).await.json(200);
    let content = client.content(&list.files[0].id).await;
    assert!(content.body == bytes(2 * PART + 1));
    let key = client.key_again(&id).await;
    key.refused(ProblemCode::UploadNotOpen);
}

#[tokio::test]
async fn r2_nobody_else_gets_a_signature_for_what_is_sealed_here() {
    let stack = Stack::start().await;
    let (slow, id) = Slow::begin(&stack).await;
    for number in [1, 3] {
        let other = PartReceipt {
            number: PartNumber::try_from(number).unwrap(),
            sha256: Sha256::of(b"other bytes under the same key"),
        };
        let signed = stack.client().sign(&id, &[other]).await;
        signed.refused(ProblemCode::UploadNotOpen);
    }
    assert_eq!(slow.end().await.status, 201);
}

#[tokio::test]
async fn nobody_else_finds_or_completes_what_is_sealed_here() {
    let stack = Stack::start().await;
    let client = stack.client();
    let (slow, id) = Slow::begin(&stack).await;
    let digest = json!({ "parts_sha256": Sha256::of(b"") });
    let completed = client.post(&complete::path(&id), &digest).await;
    completed.refused(ProblemCode::UploadNotOpen);
    let list: UploadList = client.get(open::PATH).await.json(200);
    assert_eq!(list.uploads, []);
    assert_eq!(slow.end().await.status, 201);
}

/// Makes the database refuse these changes from now on. It also refuses every abort, so that whatever was
/// sent stays and can be seen.
async fn refuse(stack: &Stack, changes: &'static str) {
    run(stack, changes).await;
    run(
        stack,
        "CREATE TRIGGER nothing_back BEFORE UPDATE ON uploads WHEN NEW.state = 'aborting'
         BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .await;
}

#[tokio::test]
async fn r1_nothing_goes_to_the_store_before_the_header_is_kept() {
    let stack = Stack::start().await;
    let no_uploads = "CREATE TRIGGER no_uploads BEFORE INSERT ON uploads
         BEGIN SELECT RAISE(ABORT, 'no'); END";
    refuse(&stack, no_uploads).await;
    for len in [1, 3 * PART] {
        let answer = put_file(&stack.client(), "/upload/a", &bytes(len)).await;
        answer.refused(ProblemCode::Internal);
        expect_nothing_stored(&stack);
        assert!(!stack.object_file("sealift/local").exists());
    }
}

#[tokio::test]
async fn r2_no_part_goes_to_the_store_before_its_row_is_kept() {
    let stack = Stack::start().await;
    let no_parts = "CREATE TRIGGER no_parts BEFORE INSERT ON parts
         BEGIN SELECT RAISE(ABORT, 'no'); END";
    refuse(&stack, no_parts).await;
    for len in [1, 3 * PART] {
        let answer = put_file(&stack.client(), "/upload/a", &bytes(len)).await;
        answer.refused(ProblemCode::Internal);
        let files = stack.files_of_store();
        let names = files.iter().map(|file| file.to_string_lossy());
        let parts = names.filter(|name| name.contains(".part-")).count();
        assert_eq!(parts, 0, "{files:?}");
        // A file of one part would be an object.
        assert!(!stack.object_file("sealift/local").exists());
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing() {
    let stack = Stack::start().await;
    let address = stack.server.address();
    let (content_type, body) = form(&[Part::file("f", "a", &bytes(3 * PART))]);
    let len = body.len();
    for head in [
        format!("PUT /upload/a HTTP/1.1\r\nHost: {address}\r\nContent-Length: {len}\r\n\r\n"),
        format!(
            "POST /upload HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {len}\r\n\r\n"
        ),
    ] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(&body[..2 * PART + 100_000]).await.unwrap();
        let id = parts_kept(&stack, 2).await;
        drop(socket);
        wait_for_state(&stack, &id, "aborted").await;
        expect_nothing_stored(&stack);
        // `parts_kept` expects that the next upload is the only one.
        for statement in ["DELETE FROM parts", "DELETE FROM uploads"] {
            run(&stack, statement).await;
        }
    }
    let list: FileList = stack.client().get(files::PATH).await.json(200);
    assert_eq!(list.files, []);
}

async fn run(stack: &Stack, statement: &'static str) {
    use sqlx::Connection as _;
    let mut db = stack.database().await;
    sqlx::query(statement).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

#[tokio::test]
async fn what_ends_within_its_first_part_leaves_not_even_a_row() {
    let stack = Stack::start().await;
    let address = stack.server.address();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!("PUT /upload/a HTTP/1.1\r\nHost: {address}\r\nContent-Length: 9000\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&bytes(8000)).await.unwrap();
    socket.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut answer).await;
    stack.expect_no_upload().await;
}

#[tokio::test]
async fn a_server_that_stops_ends_what_is_still_coming_and_says_so() {
    let stack = Stack::start().await;
    let (slow, id) = Slow::begin(&stack).await;
    let stack = stack.restart().await;
    let answer = slow.answer.await.unwrap().unwrap();
    answer.refused(ProblemCode::ShuttingDown);
    assert_ne!(answer.header(header::RETRY_AFTER), "");
    assert_eq!(state_of(&stack, &id).await, "aborted");
    expect_nothing_stored(&stack);
}

#[tokio::test]
async fn what_its_owner_takes_back_is_ended() {
    let stack = Stack::start().await;
    let (slow, id) = Slow::begin(&stack).await;
    assert_eq!(stack.client().abort(&id).await.status, 204);
    slow.send(&bytes(PART));
    let answer = slow.end().await;
    answer.refused(ProblemCode::UploadNotOpen);
    assert_eq!(state_of(&stack, &id).await, "aborted");
    expect_nothing_stored(&stack);
}

#[tokio::test]
async fn what_a_crash_left_is_swept_after_an_hour() {
    let now = Arc::new(AtomicI64::new(now_ms()));
    let shown = Arc::clone(&now);
    let clock = Clock::from_fn(move || UnixMillis::from_ms(shown.load(Ordering::SeqCst)));
    let stack = Stack::at(clock, &[("sweep_seconds", "0")]).await;
    let (slow, id) = Slow::begin(&stack).await;
    // The request waits for ever, as if its server had died.
    stack.server.sweep_now().await;
    assert_eq!(state_of(&stack, &id).await, "open");
    now.fetch_add(61 * 60 * 1000, Ordering::SeqCst);
    stack.server.sweep_now().await;
    assert_eq!(state_of(&stack, &id).await, "aborted");
    slow.send(&bytes(PART));
    slow.end().await.refused(ProblemCode::UploadNotOpen);
    expect_nothing_stored(&stack);
}

/// Posts a form with these headers, by which a browser says which page the form comes from.
async fn post_from(client: &Client, headers: &[(&str, &str)]) -> Answer {
    let (content_type, body) = form(&[Part::file("f", "a", b"hello")]);
    let mut request = client.request(Method::POST, "/upload").body(body);
    request = request.header(header::CONTENT_TYPE, content_type);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::to(request).await
}

#[tokio::test]
async fn without_login_another_pages_form_is_refused() {
    let stack = Stack::with(&[("page_origins", "http://localhost:9")]).await;
    let client = stack.client();
    let own = format!("http://{}", stack.server.address());
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        &[
            ("origin", "http://127.0.0.1:1"),
            ("sec-fetch-site", "same-site"),
        ],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let answer = post_from(&client, headers).await;
        answer.refused(ProblemCode::HostNotAllowed);
    }
    stack.expect_no_upload().await;
    for headers in [
        &[][..],
        &[("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-origin")],
        &[
            ("origin", "http://localhost:9"),
            ("sec-fetch-site", "cross-site"),
        ],
    ] {
        assert_eq!(post_from(&client, headers).await.status, 201, "{headers:?}");
    }
}

#[tokio::test]
async fn every_upload_through_the_server_is_kept_in_the_audit() {
    let stack = Stack::start().await;
    let answer = put_file(&stack.client(), "/upload/secret-name", b"a").await;
    let record: FileRecord = stack
        .client()
        .get(answer.header("location"))
        .await
        .json(200);
    let count = "SELECT count(*) FROM audit WHERE outcome = 'ok' AND subject = ?
         AND action IN ('open_upload', 'complete_upload')";
    assert_eq!(stack.number(count, record.upload_id.as_str()).await, 2);
    let keys = "SELECT count(*) FROM audit WHERE action = 'issue_key' AND subject <> ?";
    assert_eq!(stack.number(keys, "").await, 0);
}

#[tokio::test]
async fn who_is_refused_while_the_file_may_still_come_learns_so_and_where() {
    let stack = Stack::with(&[("sweep_seconds", "0")]).await;
    let client = stack.client();
    for len in [1, PART + 1] {
        let not_complete = "CREATE TRIGGER not_complete BEFORE UPDATE ON uploads
             WHEN NEW.state = 'complete' BEGIN SELECT RAISE(ABORT, 'no'); END";
        run(&stack, not_complete).await;
        let answer = put_file(&client, "/upload/a", &bytes(len)).await;
        let problem = answer.refused(ProblemCode::Completing);
        // There is no Retry-After, because a client that sends the file again at once has it twice.
        assert_eq!(answer.header(header::RETRY_AFTER), "");
        let path = format!("/v1/files/{}", problem.numbers["file_id"].as_str().unwrap());
        assert!(problem.detail.contains(&path), "{}", problem.detail);
        client.get(&path).await.refused(ProblemCode::NotFound);

        run(&stack, "DROP TRIGGER not_complete").await;
        stack.server.sweep_now().await;
        let record: FileRecord = client.get(&path).await.json(200);
        assert_eq!(record.size, u64::try_from(len).unwrap());
    }
}

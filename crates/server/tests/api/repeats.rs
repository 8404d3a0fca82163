//! Requests that are repeated, made at the same time, or made too late. The outcome stays the same.

use sealift_transfer::api::{
    FileList, FileRecord, OpenedUpload, ProblemCode, UploadState, UploadStatus, files, open,
};
use serde_json::{Value, json};

use crate::support::{PART, SealedFile, Stack, bytes, sealing::request};

#[tokio::test]
async fn a_repeated_client_token_gives_the_same_upload_without_its_key() {
    let stack = Stack::start().await;
    let client = stack.client();
    let asked = request("the-same-token-twice", "a", 5);
    let first: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
    let answer = client.post(open::PATH, &asked).await;
    assert_eq!(answer.json::<Value>(200).get("content_key"), None);
    let again: OpenedUpload = answer.json(200);
    assert_eq!(again.upload_id, first.upload_id);
    assert_eq!(again.file_id, first.file_id);
    assert_eq!(again.header, first.header);
    assert_eq!(again.plan, first.plan);
    let uploads = "SELECT count(*) FROM uploads WHERE client_token = ?";
    assert_eq!(stack.number(uploads, "the-same-token-twice").await, 1);
}

#[tokio::test]
async fn one_client_token_twice_at_once_opens_one_upload() {
    let stack = Stack::start().await;
    let client = stack.client();
    for (token, size) in [
        ("at-once-of-one-part", 5),
        ("at-once-of-two-parts", PART + 5),
    ] {
        let asked = request(token, "a", size);
        let (one, two) = tokio::join!(
            client.post(open::PATH, &asked),
            client.post(open::PATH, &asked)
        );
        let created = [&one, &two]
            .iter()
            .filter(|answer| answer.status == 201)
            .count();
        assert_eq!(created, 1);
        let [one, two] = [one, two].map(|answer| answer.json::<OpenedUpload>(answer.status));
        assert_eq!(one.upload_id, two.upload_id);
        assert_eq!(one.header, two.header);
        // Only one request gets the key, and the other one's multipart upload is removed.
        assert!(one.content_key.is_some() != two.content_key.is_some());
        let state: UploadStatus = client.status(&one.upload_id).await.json(200);
        assert_eq!(state.state, UploadState::Open);
        let id = "SELECT coalesce(s3_upload_id, '-') FROM uploads WHERE upload_id = ?";
        let id = stack.text(id, one.upload_id.as_str()).await;
        let foreign = |file: &std::path::PathBuf| !file.to_string_lossy().contains(&id);
        let foreign: Vec<_> = stack.files_of_store().into_iter().filter(foreign).collect();
        assert_eq!(foreign, Vec::<std::path::PathBuf>::new());
    }
}

#[tokio::test]
async fn the_token_of_a_complete_upload_gives_its_file() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(5);
    let file = client.open("a", &plaintext).await;
    client.send(&file).await;
    let record: FileRecord = client.complete(&file).await.json(200);
    let token = "SELECT client_token FROM uploads WHERE upload_id = ?";
    let token = stack.text(token, file.id().as_str()).await;
    let asked = request(&token, "a", 5);
    let again: OpenedUpload = client.post(open::PATH, &asked).await.json(200);
    assert_eq!(again.file.as_deref(), Some(&record));
    assert!(again.content_key.is_none());
}

#[tokio::test]
async fn a_client_token_with_anything_else_changed_is_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let asked = request("a-token-used-before", "a", 5);
    client.post(open::PATH, &asked).await.json::<Value>(201);
    for (field, other) in [
        ("name", json!("b")),
        ("size", json!(6)),
        ("content_type", json!("text/plain")),
        ("last_modified_ms", json!(1)),
        ("metadata", json!({})),
        ("reference", json!("r")),
    ] {
        let mut changed = asked.clone();
        changed[field] = other;
        let answer = client.post(open::PATH, &changed).await;
        answer.refused(ProblemCode::TokenReused);
    }
    client.post(open::PATH, &asked).await.json::<Value>(200);
}

#[tokio::test]
async fn completing_again_gives_the_same_record() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    client.send(&file).await;
    let first: FileRecord = client.complete(&file).await.json(200);
    let again: FileRecord = client.complete(&file).await.json(200);
    assert_eq!(again, first);
    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Complete);
    assert!(status.parts.iter().all(|part| part.stored));
}

#[tokio::test]
async fn two_requests_to_complete_at_once_make_one_file() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(PART + 10)).await;
    client.send(&file).await;
    let (one, two) = tokio::join!(client.complete(&file), client.complete(&file));
    let mut done = 0;
    for answer in [one, two] {
        match answer.status {
            200 => done += 1,
            _ => _ = answer.refused(ProblemCode::Completing),
        }
    }
    assert!(done >= 1);
    client.complete(&file).await.json::<FileRecord>(200);
    let list: FileList = client.get(files::PATH).await.json(200);
    assert_eq!(list.files.len(), 1);
}

#[tokio::test]
async fn a_completion_that_was_cut_off_is_taken_over_when_its_lease_has_ended() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    client.send(&file).await;
    let leased = "UPDATE uploads SET state = 'completing', completing_by = zeroblob(16),
                      completing_until_ms = CAST(? AS BIGINT)
                  WHERE upload_id = ?";
    let until = |ms: i64| stack.change(leased, ms.to_string().into_bytes(), file.id().as_str());
    assert_eq!(until(i64::MAX).await.unwrap(), 1);
    let early = client.complete(&file).await;
    early.refused(ProblemCode::Completing);
    assert_ne!(early.header("retry-after"), "");
    assert_eq!(until(0).await.unwrap(), 1);
    client.complete(&file).await.json::<FileRecord>(200);
    assert_eq!(client.content(file.file_id()).await.body, b"a");
}

#[tokio::test]
async fn an_aborted_upload_is_gone_from_the_store_and_stays_so() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    client.send(&file).await;
    assert_eq!(client.abort(file.id()).await.status, 204);
    assert_eq!(client.abort(file.id()).await.status, 204);
    assert_eq!(stack.files_of_store(), Vec::<std::path::PathBuf>::new());

    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Aborted);
    let refused = [
        client.sign(file.id(), &file.receipts()).await,
        client.complete(&file).await,
        client.key_again(file.id()).await,
    ];
    for answer in refused {
        answer.refused(ProblemCode::UploadNotOpen);
    }
    client
        .content(file.file_id())
        .await
        .refused(ProblemCode::NotFound);
}

#[tokio::test]
async fn a_complete_upload_is_not_aborted() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"kept").await;
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    client
        .abort(file.id())
        .await
        .refused(ProblemCode::UploadNotOpen);
    assert_eq!(client.content(file.file_id()).await.body, b"kept");
}

#[tokio::test]
async fn the_key_is_given_again_only_while_the_upload_is_open() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    let first = file
        .opened
        .content_key
        .as_ref()
        .unwrap()
        .to_bytes()
        .unwrap();
    let again = client.key_again(file.id()).await;
    assert_eq!(
        (again.status, again.body.as_slice()),
        (200, first.as_slice())
    );
    assert_eq!(again.header("cache-control"), "no-store");
    assert_eq!(again.header("content-type"), "application/octet-stream");

    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    let late = client.key_again(file.id()).await;
    late.refused(ProblemCode::UploadNotOpen);
}

#[tokio::test]
async fn every_step_repeated_after_a_lost_answer_gives_the_same() {
    let stack = Stack::start().await;
    let client = stack.client();
    for (token, len) in [
        ("lost-answers-of-one", 10),
        ("lost-answers-of-two", PART + 10),
    ] {
        let plaintext = bytes(len);
        let asked = request(token, "a", len);
        let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
        let file = SealedFile::seal(opened, &plaintext);
        let again: OpenedUpload = client.post(open::PATH, &asked).await.json(200);
        assert_eq!(
            (&again.upload_id, again.method, again.signed_parts),
            (file.id(), file.opened.method, Some(0))
        );

        let first = client.sign_all(&file).await;
        let signed = client.sign_all(&file).await;
        for (first, signed) in first.iter().zip(&signed) {
            assert_eq!(
                (first.number, &first.headers),
                (signed.number, &signed.headers)
            );
        }
        let rows = "SELECT count(*) FROM parts WHERE upload_id = ?";
        let rows = stack.number(rows, file.id().as_str()).await;
        assert_eq!(usize::try_from(rows).unwrap(), file.parts.len());
        let again: OpenedUpload = client.post(open::PATH, &asked).await.json(200);
        assert_eq!(again.signed_parts.map(i64::from), Some(rows));
        for signed in [&first, &signed] {
            for (signed, part) in signed.iter().zip(&file.parts) {
                let status = client.send_part(signed, part.clone()).await;
                assert!(matches!(status, 200 | 412), "{status}");
            }
        }
        let record: FileRecord = client.complete(&file).await.json(200);
        assert_eq!(client.complete(&file).await.json::<FileRecord>(200), record);
        let found: OpenedUpload = client.post(open::PATH, &asked).await.json(200);
        assert_eq!(
            (found.file.as_deref(), found.signed_parts),
            (Some(&record), None)
        );
        let status: UploadStatus = client.status(file.id()).await.json(200);
        assert_eq!(status.file.as_deref(), Some(&record));
        assert!(client.content(file.file_id()).await.body == plaintext);
    }
}

//! A file of one part is sent as one PUT of the whole object.

use std::fs;

use sealift_transfer::api::{
    FileRecord, ProblemCode, SignedParts, UploadState, UploadStatus, open::Method,
};

use crate::support::{Client, PART, SealedFile, Stack, alter, bytes};

/// Signs and sends the only part, and returns the status of the store's answer.
async fn send(client: &Client, file: &SealedFile) -> u16 {
    let signed = &client.sign_all(file).await[0];
    client.send_part(signed, file.parts[0].clone()).await
}

async fn status(client: &Client, file: &SealedFile) -> UploadStatus {
    client.status(file.id()).await.json(200)
}

#[tokio::test]
async fn what_has_one_part_is_one_put_and_all_else_is_multipart() {
    let stack = Stack::start().await;
    let client = stack.client();
    for (len, method) in [
        (0, Method::Single),
        (1, Method::Single),
        (PART, Method::Single),
        (PART + 1, Method::Multipart),
    ] {
        let plaintext = bytes(len);
        let file = client.open("a", &plaintext).await;
        assert_eq!(file.opened.method, method);
        assert_eq!(status(&client, &file).await.method, method);
        client.send(&file).await;
        client.complete(&file).await.json::<FileRecord>(200);
        assert!(client.content(file.file_id()).await.body == plaintext);
    }
}

#[tokio::test]
async fn the_store_gets_a_single_put_only_when_it_is_sent() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    client.sign_all(&file).await;
    assert_eq!(stack.files_of_store(), Vec::<std::path::PathBuf>::new());
    let multiparts = "SELECT count(s3_upload_id) FROM uploads WHERE upload_id = ?";
    assert_eq!(stack.number(multiparts, file.id().as_str()).await, 0);
}

#[tokio::test]
async fn r10_a_single_put_signs_length_host_checksum_and_that_nothing_is_there() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    let answer = client.sign(file.id(), &file.receipts()).await;
    let signed: SignedParts = answer.json(200);
    let [part] = signed.parts.as_slice() else {
        panic!("one part");
    };
    let signed_headers =
        "X-Amz-SignedHeaders=content-length%3Bhost%3Bif-none-match%3Bx-amz-checksum-sha256";
    assert!(part.url.contains(signed_headers));
    assert!(part.url.contains("X-Amz-Expires=900"));
    assert!(!part.url.contains("partNumber"));
    let sha256 = file.receipts()[0].sha256.to_string();
    let headers: Vec<_> = part.headers.iter().collect();
    let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        named("if-none-match", "*"),
        named("x-amz-checksum-sha256", &sha256),
    ];
    let expected: Vec<_> = expected.iter().map(|(name, value)| (name, value)).collect();
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn a_single_put_completed_too_early_stays_open_and_completes_later() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"hello").await;
    let unsigned = client.complete(&file).await;
    unsigned.refused(ProblemCode::PartsMissing);
    client.sign_all(&file).await;
    let unsent = client.complete(&file).await;
    assert_eq!(unsent.refused(ProblemCode::PartsMissing).numbers["part"], 1);
    let before = status(&client, &file).await;
    assert_eq!(
        (before.state, before.parts[0].stored),
        (UploadState::Open, false)
    );
    assert_eq!(send(&client, &file).await, 200);
    assert!(status(&client, &file).await.parts[0].stored);
    client.complete(&file).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_refused_again_and_completes() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"hello").await;
    assert_eq!(send(&client, &file).await, 200);
    assert_eq!(send(&client, &file).await, 412);
    client.complete(&file).await.json::<FileRecord>(200);
    assert_eq!(client.content(file.file_id()).await.body, b"hello");
}

/// Expects that completion refuses for good and that nothing of the object stays.
async fn expect_failed(stack: &Stack, client: &Client, file: &SealedFile) {
    assert!(!status(client, file).await.parts[0].stored);
    let refused = client.complete(file).await;
    refused.refused(ProblemCode::UploadFailed);
    assert!(!stack.object_to_be(file.id()).await.exists());
    assert_eq!(status(client, file).await.state, UploadState::Failed);
}

#[tokio::test]
async fn r7_the_bytes_decide_where_the_store_reports_another_checksum_than_was_signed() {
    let stack = Stack::start().await;
    let client = stack.client();
    // There are so many frames that completion hardly ever opens the one in the middle.
    let plaintext = bytes(PART / 2);
    for has_right_bytes in [true, false] {
        let file = client.open("a", &plaintext).await;
        let other = client.open("b", &plaintext).await;
        for file in [&file, &other] {
            assert_eq!(send(&client, file).await, 200);
        }
        let [here, there] = [
            stack.metadata_to_be(file.id()).await,
            stack.metadata_to_be(other.id()).await,
        ];
        fs::copy(there, here).unwrap();
        if has_right_bytes {
            client.complete(&file).await.json::<FileRecord>(200);
            assert!(client.content(file.file_id()).await.body == plaintext);
        } else {
            let middle = i64::try_from(PART / 4).unwrap();
            alter(&stack.object_to_be(file.id()).await, middle);
            expect_failed(&stack, &client, &file).await;
        }
    }
}

#[tokio::test]
async fn r7_an_object_whose_checksum_the_store_does_not_report_is_kept_until_it_does() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"hello").await;
    assert_eq!(send(&client, &file).await, 200);
    let metadata = fs::read(stack.metadata_to_be(file.id()).await).unwrap();
    stack.lay(file.id(), &file.object()).await;
    for _ in 0..2 {
        let refused = client.complete(&file).await;
        refused.refused(ProblemCode::StoreUnavailable);
        assert_eq!(status(&client, &file).await.state, UploadState::Open);
    }
    fs::write(stack.metadata_to_be(file.id()).await, metadata).unwrap();
    client.complete(&file).await.json::<FileRecord>(200);
    assert_eq!(client.content(file.file_id()).await.body, b"hello");
}

#[tokio::test]
async fn r7_frames_are_tried_although_the_checksum_is_right() {
    let stack = Stack::start().await;
    let client = stack.client();
    for offset in [0, 60, -1] {
        let file = client.open("a", b"hello").await;
        assert_eq!(send(&client, &file).await, 200);
        let object = stack.object_to_be(file.id()).await;
        alter(&object, offset);
        let refused = client.complete(&file).await;
        refused.refused(ProblemCode::UploadFailed);
        assert!(!object.exists());
    }
}

#[tokio::test]
async fn an_aborted_single_put_is_gone_from_the_store() {
    let stack = Stack::start().await;
    let client = stack.client();
    let [unsent, sent] = [
        client.open("a", b"hello").await,
        client.open("b", b"hello").await,
    ];
    assert_eq!(send(&client, &sent).await, 200);
    for file in [&unsent, &sent] {
        for _ in 0..2 {
            assert_eq!(client.abort(file.id()).await.status, 204);
        }
        assert!(!stack.object_to_be(file.id()).await.exists());
        let late = client.complete(file).await;
        late.refused(ProblemCode::UploadNotOpen);
    }
    assert_eq!(stack.files_of_store(), Vec::<std::path::PathBuf>::new());
}

//! Completion trusts an object only after it has read it (docs/FORMAT.md, R7). Here objects and parts are
//! changed in the store before the completion.

use std::fs;

use sealift_transfer::api::{FileRecord, ProblemCode, UploadState, UploadStatus};

use crate::support::{Client, FRAME, PART, SealedFile, Stack, alter, bytes};

/// Expects that completion refuses for good and that nothing of the object stays.
async fn expect_failed(stack: &Stack, client: &Client, file: &SealedFile) {
    let object = stack.object_to_be(file.id()).await;
    client
        .complete(file)
        .await
        .refused(ProblemCode::UploadFailed);
    assert!(!object.exists());
    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Failed);
    client
        .complete(file)
        .await
        .refused(ProblemCode::UploadFailed);
    client
        .content(file.file_id())
        .await
        .refused(ProblemCode::NotFound);
    let again = client.sign(file.id(), &file.receipts()).await;
    again.refused(ProblemCode::UploadNotOpen);
    client
        .key_again(file.id())
        .await
        .refused(ProblemCode::UploadNotOpen);
}

/// Sends the right parts, then puts another object at their object key, as a person with access to the
/// bucket can. The multipart upload is gone, as after a completion whose answer was lost.
async fn replaced(stack: &Stack, file: &SealedFile, object: &[u8]) {
    let client = stack.client();
    client.send(file).await;
    stack.forget_multipart(file.id()).await;
    stack.lay(file.id(), object).await;
}

/// Plaintext bytes of a file of two parts; the second part has two frames.
const TWO_PARTS: usize = PART + FRAME + 5;

fn header_len(file: &SealedFile) -> i64 {
    i64::try_from(file.opened.header.len()).unwrap()
}

#[tokio::test]
async fn bytes_that_the_store_altered_are_found_at_completion() {
    let stack = Stack::start().await;
    let client = stack.client();
    let header_len = header_len(&client.open("a", b"").await);
    let second_frame = i64::try_from(FRAME + 32).unwrap();
    for (part, offset, what) in [
        (1, 0, "version"),
        (1, 10, "message id"),
        (1, 60, "context"),
        (1, header_len - 20, "commitment"),
        (1, header_len - 1, "header tag"),
        (1, header_len, "sequence number of the first frame"),
        (1, header_len + 22, "ciphertext of the first frame"),
        (2, second_frame, "mark of the final frame"),
        (2, second_frame + 23, "length of the final frame"),
        (2, -1, "tag of the final frame"),
    ] {
        let file = client.open(what, &bytes(TWO_PARTS)).await;
        client.send(&file).await;
        let [part, _] = stack.part_files(file.id(), part).await;
        alter(&part, offset);
        expect_failed(&stack, &client, &file).await;
    }
}

#[tokio::test]
async fn the_first_and_the_last_frame_are_tried_at_every_completion() {
    let stack = Stack::start().await;
    let client = stack.client();
    for offset in [1000, -1] {
        // With so many frames the random check would find an altered frame only once in 300 runs.
        let file = client.open("a", &bytes(1000 * FRAME)).await;
        client.send(&file).await;
        alter(&stack.object_to_be(file.id()).await, offset);
        expect_failed(&stack, &client, &file).await;
    }
}

#[tokio::test]
async fn frames_in_the_middle_are_tried_at_random_at_completion() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(1000 * FRAME)).await;
    client.send(&file).await;
    let mut object = file.object();
    // All frames but the first and the last are altered, so three random checks miss them all only once
    // in 10^8 runs.
    for index in 1..999 {
        object[file.opened.header.len() + index * (FRAME + 32) + 100] ^= 1;
    }
    // The store still has the checksums of the bytes that were sent.
    fs::write(stack.object_to_be(file.id()).await, &object).unwrap();
    expect_failed(&stack, &client, &file).await;
}

#[tokio::test]
async fn an_object_cut_extended_or_swapped_before_completion_is_removed() {
    let stack = Stack::start().await;
    let client = stack.client();
    let foreign = client.open("other", &bytes(TWO_PARTS)).await.object();
    let cut = |object: Vec<u8>| object[..object.len() - 1].to_vec();
    let extended = |object: Vec<u8>| [object, vec![0]].concat();
    let swapped = |_: Vec<u8>| foreign.clone();
    let emptied = |_: Vec<u8>| Vec::new();
    let doubled = |object: Vec<u8>| object.repeat(2);
    let tampered: [&dyn Fn(Vec<u8>) -> Vec<u8>; 5] =
        [&cut, &extended, &swapped, &emptied, &doubled];
    for tamper in tampered {
        let file = client.open("a", &bytes(TWO_PARTS)).await;
        replaced(&stack, &file, &tamper(file.object())).await;
        expect_failed(&stack, &client, &file).await;
    }
}

#[tokio::test]
async fn the_right_object_completes_also_when_the_stores_answer_was_lost() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(TWO_PARTS);
    let file = client.open("a", &plaintext).await;
    replaced(&stack, &file, &file.object()).await;
    let record: FileRecord = client.complete(&file).await.json(200);
    assert!(client.content(&record.id).await.body == plaintext);
}

#[tokio::test]
async fn an_upload_whose_parts_and_object_are_gone_has_failed() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(TWO_PARTS)).await;
    client.send(&file).await;
    stack.forget_multipart(file.id()).await;
    expect_failed(&stack, &client, &file).await;
}

#[tokio::test]
async fn parts_that_the_store_lists_otherwise_than_recorded_are_not_joined() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(TWO_PARTS)).await;
    client.send(&file).await;
    let [part, metadata] = stack.part_files(file.id(), 2).await;

    fs::write(&part, [file.parts[1].as_slice(), &[0]].concat()).unwrap();
    client
        .complete(&file)
        .await
        .refused(ProblemCode::PartsDiffer);
    fs::write(&part, &file.parts[1]).unwrap();

    let right = fs::read_to_string(&metadata).unwrap();
    let sha256 = file.receipts()[1].sha256.to_string();
    let other = sealift_transfer::api::Sha256::of(b"other").to_string();
    assert!(right.contains(&sha256));
    fs::write(&metadata, right.replace(&sha256, &other)).unwrap();
    client
        .complete(&file)
        .await
        .refused(ProblemCode::PartsDiffer);
    fs::write(&metadata, &right).unwrap();

    let third = part.with_file_name(
        part.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .replace(".part-2", ".part-3"),
    );
    fs::write(&third, b"never signed").unwrap();
    fs::write(
        metadata.with_file_name(
            metadata
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .replace(".part-2", ".part-3"),
        ),
        &right,
    )
    .unwrap();
    client
        .complete(&file)
        .await
        .refused(ProblemCode::PartsDiffer);
    fs::remove_file(&third).unwrap();

    client.complete(&file).await.json::<FileRecord>(200);
}

//! The verification of all frames of a file: what it finds, who may ask for it, and what it keeps.

use std::fs;

use sealift_server::records::Roles;
use sealift_transfer::api::{FileRecord, ProblemCode, Verification, files};
use sha2::{Digest as _, Sha256};

use crate::support::{Client, FRAME, Stack, alter, bytes};

/// Starts a deployment that opens every frame after an upload.
async fn verifying() -> Stack {
    Stack::with(&[("verify", "full")]).await
}

async fn found(client: &Client, file: &FileRecord) -> Verification {
    let record: FileRecord = client.get(&files::path(&file.id)).await.json(200);
    record.verification
}

/// Asks for a verification and waits until it is done, by this test or in the background.
async fn verified_again(stack: &Stack, file: &FileRecord) -> Verification {
    let path = files::verify_path(&file.id);
    let record: FileRecord = stack.client().post(&path, &()).await.json(202);
    // A known damage stays in the record until the new verification is done.
    assert!(
        matches!(
            record.verification,
            Verification::Pending | Verification::Failed { .. }
        ),
        "{:?}",
        record.verification
    );
    ended(stack, file).await
}

async fn ended(stack: &Stack, file: &FileRecord) -> Verification {
    let due = "SELECT count(verification_due_at_ms) FROM files WHERE file_id = ?";
    while stack.number(due, file.id.as_str()).await > 0 {
        stack.server.verify_now().await;
    }
    found(&stack.client(), file).await
}

fn is_of(verification: &Verification, plaintext: &[u8]) -> bool {
    let expected = data_encoding::HEXLOWER.encode(&Sha256::digest(plaintext));
    matches!(verification, Verification::Verified { plaintext_sha256, .. } if *plaintext_sha256 == expected)
}

#[tokio::test]
async fn after_an_upload_every_frame_is_opened_and_the_hash_of_the_plaintext_kept() {
    let stack = verifying().await;
    for len in [0, 1, FRAME - 1, FRAME, FRAME + 1, 300 * FRAME + 7] {
        let plaintext = bytes(len);
        let file = stack.client().upload("a", &plaintext).await;
        // The server verifies the file without a request.
        let verification = loop {
            match found(&stack.client(), &file).await {
                Verification::Pending => tokio::task::yield_now().await,
                other => break other,
            }
        };
        assert!(is_of(&verification, &plaintext), "{verification:?}");
    }
    let actions = "SELECT count(*) FROM audit WHERE action = ? AND via = 'verifier'";
    // The audit row may be written a moment after the verdict is seen.
    while stack.number(actions, "verify_file").await < 6 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stack.number(actions, "verify_file").await, 6);
    let metrics = stack.client().get("/metrics").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(
        metrics.contains("sealift_files_verified_total 6"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_file_of_few_frames_is_verified_by_its_completion() {
    let stack = verifying().await;
    for len in [0, 1, FRAME] {
        let plaintext = bytes(len);
        // The record is the answer to the completion.
        let file = stack.client().upload("a", &plaintext).await;
        assert!(is_of(&file.verification, &plaintext), "{len}");
    }
    let large = stack.client().upload("a", &bytes(300 * FRAME)).await;
    assert_eq!(large.verification, Verification::Pending);
}

#[tokio::test]
async fn with_edges_only_nothing_is_verified_until_somebody_asks() {
    let stack = Stack::start().await;
    let file = stack.client().upload("a", b"abc").await;
    assert_eq!(stack.server.verify_now().await, 0);
    assert_eq!(found(&stack.client(), &file).await, Verification::Pending);
    assert!(is_of(&verified_again(&stack, &file).await, b"abc"));
}

/// A byte in the middle of the object, in a frame that completion need not have opened.
const MIDDLE: i64 = 150 * 4128;

#[tokio::test]
async fn an_altered_byte_anywhere_is_found_and_a_mended_object_is_good_again() {
    let stack = Stack::start().await;
    let plaintext = bytes(300 * FRAME);
    let file = stack.client().upload("a", &plaintext).await;
    for offset in [5, 100, MIDDLE, -1] {
        alter(&stack.object_of(&file), offset);
        let verification = verified_again(&stack, &file).await;
        assert_eq!(
            verification.failure(),
            Some(ProblemCode::ObjectDamaged),
            "{offset}"
        );
        alter(&stack.object_of(&file), offset);
        assert!(is_of(&verified_again(&stack, &file).await, &plaintext));
    }
}

#[tokio::test]
async fn what_a_read_finds_damaged_does_not_stay_verified() {
    let stack = Stack::start().await;
    let file = stack.client().upload("a", &bytes(300 * FRAME)).await;
    verified_again(&stack, &file).await;
    for (offset, range) in [(5, "bytes=0-0"), (MIDDLE, "bytes=0-")] {
        alter(&stack.object_of(&file), offset);
        let path = files::content_path(&file.id);
        let read = stack.client().request(http::Method::GET, &path);
        let read = read.header(http::header::RANGE, range).send().await;
        // Damage that is found after the answer has begun ends the connection.
        let whole = match read.unwrap() {
            answer if answer.status().is_success() => answer.bytes().await.is_ok(),
            _ => false,
        };
        assert!(!whole, "{offset}");
        let verification = ended(&stack, &file).await;
        assert_eq!(
            verification.failure(),
            Some(ProblemCode::ObjectDamaged),
            "{offset}"
        );
        alter(&stack.object_of(&file), offset);
        verified_again(&stack, &file).await;
    }
}

#[tokio::test]
async fn an_object_that_is_gone_longer_or_another_one_is_found() {
    let stack = Stack::start().await;
    let file = stack.client().upload("a", &bytes(3 * FRAME)).await;
    let object = fs::read(stack.object_of(&file)).unwrap();
    fs::write(stack.object_of(&file), [&object[..], b"x"].concat()).unwrap();
    let longer = verified_again(&stack, &file).await;
    assert_eq!(longer.failure(), Some(ProblemCode::ObjectReplaced));
    fs::remove_file(stack.object_of(&file)).unwrap();
    let gone = verified_again(&stack, &file).await;
    assert_eq!(gone.failure(), Some(ProblemCode::ObjectDamaged));
    let other = stack.client().upload("b", &bytes(3 * FRAME)).await;
    fs::copy(stack.object_of(&other), stack.object_of(&file)).unwrap();
    let swapped = verified_again(&stack, &file).await;
    assert!(swapped.failure().is_some(), "{swapped:?}");
}

#[tokio::test]
async fn only_whoever_may_download_the_file_may_ask_for_it() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let ada = stack.login("acme", "ada", Roles::ALL).await;
    let file = ada.upload("a", b"abc").await;
    let path = files::verify_path(&file.id);
    for (tenant, owner) in [("acme", "bob"), ("other", "ada")] {
        let stranger = stack.login(tenant, owner, Roles::ALL).await;
        stranger
            .post(&path, &())
            .await
            .refused(ProblemCode::NotFound);
    }
    stack
        .client()
        .post(&path, &())
        .await
        .refused(ProblemCode::Unauthenticated);
    // A caller who may not download the file may not ask for its verification, either.
    let uploader = stack.login("acme", "ada", "upload".parse().unwrap()).await;
    let refused = uploader.post(&path, &()).await;
    refused.refused(ProblemCode::Forbidden);
    assert_eq!(stack.server.verify_now().await, 0);
    ada.post(&path, &()).await.json::<FileRecord>(202);
    let wanted = "SELECT count(*) FROM audit WHERE action = ? AND outcome = 'wanted'";
    assert_eq!(stack.number(wanted, "verify_file").await, 1);
}

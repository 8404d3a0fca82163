//! Limits: uploads expire, and an owner may have a number of uploads open at once and may open a number a
//! minute.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use sealift_server::{Clock, UnixMillis, records::Roles};
use sealift_transfer::api::{
    FileRecord, OpenedUpload, ProblemCode, SignedParts, UploadStatus, files, open,
};

use crate::support::{
    Client, DAY_MS, PART, SealedFile, Stack, bytes, now_ms,
    sealing::{new_token, request},
};

/// Starts a deployment whose clock the test moves. The clock begins at the real time, because the test's
/// store accepts only signatures of its own time.
async fn travelling(flags: &[(&'static str, &str)]) -> (Stack, Arc<AtomicI64>, i64) {
    let began = now_ms();
    let now = Arc::new(AtomicI64::new(began));
    let clock = Arc::clone(&now);
    let clock = Clock::from_fn(move || UnixMillis::from_ms(clock.load(Ordering::SeqCst)));
    (Stack::at(clock, flags).await, now, began)
}

async fn expect_expired(client: &Client, file: &SealedFile) {
    for answer in [
        client.sign(file.id(), &file.receipts()).await,
        client.key_again(file.id()).await,
        client.complete(file).await,
    ] {
        answer.refused(ProblemCode::UploadExpired);
    }
}

#[tokio::test]
async fn an_upload_ends_seven_days_after_its_last_signature() {
    let (stack, now, began) = travelling(&[]).await;
    let client = stack.client();
    let file = client.open("a", &bytes(PART + 1)).await;
    assert_eq!(file.opened.expires_at_ms, began + 7 * DAY_MS);
    let signing = file.receipts();

    now.store(began + 6 * DAY_MS, Ordering::SeqCst);
    let signed: SignedParts = client.sign(file.id(), &signing[..1]).await.json(200);
    assert_eq!(signed.expires_at_ms, began + 13 * DAY_MS);
    now.store(began + 13 * DAY_MS - 1, Ordering::SeqCst);
    assert_eq!(client.key_again(file.id()).await.status, 200);
    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.expires_at_ms, began + 13 * DAY_MS);
    now.store(began + 13 * DAY_MS, Ordering::SeqCst);
    expect_expired(&client, &file).await;
}

#[tokio::test]
async fn an_upload_that_was_never_signed_ends_after_seven_days() {
    let (stack, now, began) = travelling(&[]).await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    now.store(began + 7 * DAY_MS, Ordering::SeqCst);
    expect_expired(&client, &file).await;
    assert_eq!(client.abort(file.id()).await.status, 204);
}

#[tokio::test]
async fn an_upload_ends_thirty_days_after_it_was_opened_whatever_was_signed() {
    let (stack, now, began) = travelling(&[]).await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    for day in [6, 12, 18, 24, 29] {
        now.store(began + day * DAY_MS, Ordering::SeqCst);
        let signed = client.sign(file.id(), &file.receipts()).await;
        let signed: SignedParts = signed.json(200);
        assert_eq!(signed.expires_at_ms, began + (day + 7).min(30) * DAY_MS);
    }
    now.store(began + 30 * DAY_MS, Ordering::SeqCst);
    expect_expired(&client, &file).await;
}

#[tokio::test]
async fn a_complete_file_does_not_expire_with_its_upload() {
    let (stack, now, began) = travelling(&[]).await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    client.send(&file).await;
    let record: FileRecord = client.complete(&file).await.json(200);
    now.store(began + 31 * DAY_MS, Ordering::SeqCst);
    let again: FileRecord = client.complete(&file).await.json(200);
    assert_eq!(again, record);
}

#[tokio::test]
async fn an_owner_has_so_many_uploads_open_and_others_their_own() {
    let stack = Stack::with(&[("limit_open_uploads", "2"), ("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let one = client.open("1", b"1").await;
    let two = client.open("2", b"2").await;
    let third = request(&new_token(), "3", 1);
    let answer = client.post(open::PATH, &third).await;
    let problem = answer.refused(ProblemCode::TooManyRequests);
    assert_eq!(problem.numbers["most_open"], 2);
    stack
        .login("acme", "bob", Roles::ALL)
        .await
        .open("4", b"")
        .await;

    client.send(&one).await;
    client.complete(&one).await.json::<FileRecord>(200);
    client
        .post(open::PATH, &third)
        .await
        .json::<OpenedUpload>(201);
    assert_eq!(client.abort(two.id()).await.status, 204);
    client.open("5", b"").await;
}

#[tokio::test]
async fn expired_uploads_do_not_count_as_open() {
    let (stack, now, began) = travelling(&[("limit_open_uploads", "1")]).await;
    let client = stack.client();
    client.open("1", b"").await;
    now.store(began + 8 * DAY_MS, Ordering::SeqCst);
    client.open("2", b"").await;
}

#[tokio::test]
async fn an_owner_opens_so_many_uploads_a_minute_and_learns_when_to_come_back() {
    let stack = Stack::with(&[("limit_opens", "2"), ("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let again = request("the-first-of-three", "1", 1);
    client
        .post(open::PATH, &again)
        .await
        .json::<OpenedUpload>(201);
    client.open("2", b"").await;
    let answer = client
        .post(open::PATH, &request(&new_token(), "3", 1))
        .await;
    answer.refused(ProblemCode::TooManyRequests);
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    // A repeated request opens nothing and so is not limited, and other owners have their own limit.
    client
        .post(open::PATH, &again)
        .await
        .json::<OpenedUpload>(200);
    stack
        .login("acme", "bob", Roles::ALL)
        .await
        .open("4", b"")
        .await;
}

#[tokio::test]
async fn an_owner_asks_for_so_many_keys_a_minute() {
    let stack = Stack::with(&[("limit_keys", "2")]).await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    for _ in 0..2 {
        assert_eq!(client.key_again(file.id()).await.status, 200);
    }
    let answer = client.key_again(file.id()).await;
    answer.refused(ProblemCode::TooManyRequests);
    assert_ne!(answer.header("retry-after"), "");
}

#[tokio::test]
async fn an_owner_has_so_many_files_verified_again_a_minute() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let file = client.upload("a", b"a").await;
    let path = files::verify_path(&file.id);
    let mut wanted = 0;
    let refused = loop {
        let answer = client.post(&path, &()).await;
        if answer.status != 202 {
            break answer;
        }
        wanted += 1;
        // Some permits come back while the loop runs, so the count may exceed the limit.
        assert!(wanted < 3000);
    };
    refused.refused(ProblemCode::TooManyRequests);
    assert!(wanted >= 300, "{wanted}");
    // Other owners have their own limit.
    let other = stack.login("acme", "bob", Roles::ALL).await;
    let file = other.upload("b", b"b").await;
    let path = files::verify_path(&file.id);
    other.post(&path, &()).await.json::<FileRecord>(202);
}

//! A read returns right bytes or none (docs/FORMAT.md, R6), even if somebody changed the object in the store
//! after completion.

use std::fs;

use sealift_transfer::api::{FileId, FileRecord, ProblemCode, files};

use crate::support::{Answer, Client, FRAME, NO_METADATA, PART, Stack, alter, bytes};

/// Expects that a reader of a damaged object gets a refusal, or a right beginning that breaks off.
async fn expect_no_wrong_byte(client: &Client, file: &FileId, plaintext: &[u8], range: &str) {
    let path = files::content_path(file);
    let request = client.request(http::Method::GET, &path);
    let mut answer = request.header("range", range).send().await.unwrap();
    if answer.status() == 502 {
        let code = serde_json::from_slice::<serde_json::Value>(&answer.bytes().await.unwrap());
        let code = code.unwrap()["code"].as_str().unwrap().to_owned();
        assert!(
            ["object_replaced", "object_damaged"].contains(&code.as_str()),
            "{code}"
        );
        return;
    }
    assert_eq!(answer.status(), 206);
    let mut got = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => got.extend_from_slice(&chunk),
            Ok(None) => panic!("a damaged object was given as if whole"),
            Err(_) => break,
        }
    }
    assert!(plaintext.starts_with(&got));
}

/// Uploads a file of 300 frames and then changes its object.
async fn changed_later(tamper: impl AsyncFn(&Stack, &FileRecord)) -> (Stack, FileRecord, Vec<u8>) {
    changed_later_of(300 * FRAME, tamper).await
}

/// Does the same with a file of `len` bytes.
async fn changed_later_of(
    len: usize,
    tamper: impl AsyncFn(&Stack, &FileRecord),
) -> (Stack, FileRecord, Vec<u8>) {
    let stack = Stack::start().await;
    let plaintext = bytes(len);
    let record = stack.client().upload("a", &plaintext).await;
    tamper(&stack, &record).await;
    (stack, record, plaintext)
}

#[tokio::test]
async fn an_object_of_another_length_or_etag_is_refused_as_replaced() {
    let extended = async |stack: &Stack, record: &FileRecord| {
        let object = fs::read(stack.object_of(record)).unwrap();
        fs::write(stack.object_of(record), [object, vec![0]].concat()).unwrap();
    };
    let cut = async |stack: &Stack, record: &FileRecord| {
        let object = fs::read(stack.object_of(record)).unwrap();
        fs::write(stack.object_of(record), &object[..object.len() - 1]).unwrap();
    };
    let emptied = async |stack: &Stack, record: &FileRecord| {
        fs::write(stack.object_of(record), b"").unwrap();
    };
    let swapped = async |stack: &Stack, record: &FileRecord| {
        let other = stack.client().upload("b", &bytes(300 * FRAME)).await;
        fs::copy(stack.object_of(&other), stack.object_of(record)).unwrap();
        fs::copy(stack.metadata_of(&other), stack.metadata_of(record)).unwrap();
    };
    let rewritten = async |stack: &Stack, record: &FileRecord| {
        // The bytes are the same, but stored as one object, not joined from parts, so the ETag differs.
        fs::write(stack.metadata_of(record), NO_METADATA).unwrap();
    };
    for (stack, record, _) in [
        changed_later(extended).await,
        changed_later(cut).await,
        changed_later(emptied).await,
        changed_later(swapped).await,
        changed_later_of(PART + 1, rewritten).await,
    ] {
        let client = stack.client();
        for range in ["bytes=0-", "bytes=0-0", "bytes=5000-5000", "bytes=-1"] {
            let answer = client
                .get_with(&files::content_path(&record.id), "range", range)
                .await;
            answer.refused(ProblemCode::ObjectReplaced);
        }
    }
}

#[tokio::test]
async fn an_altered_object_of_the_same_length_and_etag_gives_no_wrong_byte() {
    let frame = i64::try_from(FRAME).unwrap();
    for offset in [5, 100, -40, -1, 150 * (frame + 32)] {
        let (stack, record, plaintext) = changed_later(async |stack, record| {
            alter(&stack.object_of(record), offset);
        })
        .await;
        let client = stack.client();
        expect_no_wrong_byte(&client, &record.id, &plaintext, "bytes=0-").await;
    }
    let (stack, record, plaintext) = changed_later(async |stack: &Stack, record: &FileRecord| {
        let other = stack.client().upload("b", &bytes(300 * FRAME)).await;
        fs::copy(stack.object_of(&other), stack.object_of(record)).unwrap();
    })
    .await;
    let client = stack.client();
    for range in ["bytes=0-", "bytes=5000-5000", "bytes=-1"] {
        expect_no_wrong_byte(&client, &record.id, &plaintext, range).await;
        let answer = client
            .get_with(&files::content_path(&record.id), "range", range)
            .await;
        answer.refused(ProblemCode::ObjectDamaged);
    }
}

#[tokio::test]
async fn an_altered_header_is_found_by_whoever_reads_the_beginning() {
    let (stack, record, plaintext) =
        changed_later(async |stack, record| alter(&stack.object_of(record), 50)).await;
    let client = stack.client();
    client
        .content(&record.id)
        .await
        .refused(ProblemCode::ObjectDamaged);
    // The frames after it can still be read, because the header comes from the record.
    let path = files::content_path(&record.id);
    let later = client.get_with(&path, "range", "bytes=4096-4099").await;
    assert_eq!(
        (later.status, later.body.as_slice()),
        (206, &plaintext[4096..4100])
    );
}

#[tokio::test]
async fn a_frame_that_breaks_in_the_middle_breaks_the_answer() {
    let (stack, record, _) =
        changed_later(async |stack, record| alter(&stack.object_of(record), -1)).await;
    let client = stack.client();
    let request = client.request(http::Method::GET, &files::content_path(&record.id));
    let answer = Answer::or_broken(request).await;
    assert!(answer.is_err());
}

#[tokio::test]
async fn frames_in_another_order_are_refused() {
    let (stack, record, _) = changed_later(async |stack: &Stack, record: &FileRecord| {
        let file = stack.object_of(record);
        let mut object = fs::read(&file).unwrap();
        let frame = FRAME + 32;
        let body = object.len() - 8 - 300 * frame;
        let (one, two) = object[body..body + 2 * frame].split_at_mut(frame);
        one.swap_with_slice(two);
        fs::write(file, object).unwrap();
    })
    .await;
    let path = files::content_path(&record.id);
    for range in ["bytes=0-", "bytes=0-0", "bytes=4096-4096"] {
        let answer = stack.client().get_with(&path, "range", range).await;
        answer.refused(ProblemCode::ObjectDamaged);
    }
}

#[tokio::test]
async fn an_object_that_is_gone_is_refused_as_damaged_and_can_be_deleted() {
    let (stack, record, _) = changed_later(async |stack, record| {
        fs::remove_file(stack.object_of(record)).unwrap();
    })
    .await;
    let client = stack.client();
    client
        .content(&record.id)
        .await
        .refused(ProblemCode::ObjectDamaged);
    assert_eq!(client.delete(&files::path(&record.id)).await.status, 204);
}

//! Objects that somebody changed in the store: before completion, and after it.

use std::{fs, path::Path};

use sealift_transfer::api::{FileId, FileRecord, ProblemCode, UploadState, UploadStatus, files};

use crate::support::{Answer, Client, FRAME, SealedFile, Stack, alter, bytes};

/// Completion refuses for good, and nothing of the object stays.
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

/// Sends the right parts, then puts another object where the right one belongs, as whoever has
/// the bucket can: the multipart upload is gone, as after a completion whose answer was lost.
async fn replaced(stack: &Stack, file: &SealedFile, object: &[u8]) {
    let client = stack.client();
    client.send(file).await;
    stack.forget_multipart(file.id()).await;
    put(&stack.object_to_be(file.id()).await, object);
}

fn put(place: &Path, object: &[u8]) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, object).unwrap();
}

fn header_len(file: &SealedFile) -> i64 {
    i64::try_from(file.opened.header.len()).unwrap()
}

#[tokio::test]
async fn bytes_that_the_store_altered_are_found_at_completion() {
    let stack = Stack::start().await;
    let client = stack.client();
    let header_len = {
        let file = client.open("a", b"").await;
        header_len(&file)
    };
    for (place, what) in [
        (0, "version"),
        (10, "message id"),
        (60, "context"),
        (header_len - 20, "commitment"),
        (header_len - 1, "header tag"),
        (header_len, "sequence number of the first frame"),
        (header_len + 16, "ciphertext of the first frame"),
        (-1, "tag of the last frame"),
        (-36, "the final frame's mark, place or length"),
    ] {
        let file = client.open(what, &bytes(2 * FRAME)).await;
        client.send(&file).await;
        let [part, _] = stack.part_files(file.id(), 1).await;
        alter(&part, place);
        expect_failed(&stack, &client, &file).await;
    }
}

#[tokio::test]
async fn frames_in_the_middle_are_tried_at_random_at_completion() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(1000 * FRAME)).await;
    let mut object = file.object();
    // All but the first and the last: three random picks miss them all once in 10^8 runs.
    for index in 1..999 {
        object[file.opened.header.len() + index * (FRAME + 32) + 100] ^= 1;
    }
    replaced(&stack, &file, &object).await;
    expect_failed(&stack, &client, &file).await;
}

#[tokio::test]
async fn an_object_cut_extended_or_swapped_before_completion_is_removed() {
    let stack = Stack::start().await;
    let client = stack.client();
    let foreign = client.open("other", &bytes(FRAME + 5)).await.object();
    let mut altered = foreign.clone();
    altered.truncate(3);
    let cut = |object: Vec<u8>| object[..object.len() - 1].to_vec();
    let extended = |object: Vec<u8>| [object, vec![0]].concat();
    let swapped = |_: Vec<u8>| foreign.clone();
    let emptied = |_: Vec<u8>| Vec::new();
    let doubled = |object: Vec<u8>| object.repeat(2);
    let tampered: [&dyn Fn(Vec<u8>) -> Vec<u8>; 5] =
        [&cut, &extended, &swapped, &emptied, &doubled];
    for tamper in tampered {
        let file = client.open("a", &bytes(FRAME + 5)).await;
        replaced(&stack, &file, &tamper(file.object())).await;
        expect_failed(&stack, &client, &file).await;
    }
}

#[tokio::test]
async fn the_right_object_completes_also_when_the_stores_answer_was_lost() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(FRAME + 5);
    let file = client.open("a", &plaintext).await;
    replaced(&stack, &file, &file.object()).await;
    let record: FileRecord = client.complete(&file).await.json(200);
    assert!(client.content(&record.id).await.body == plaintext);
}

#[tokio::test]
async fn an_upload_whose_parts_and_object_are_gone_has_failed() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(5)).await;
    client.send(&file).await;
    stack.forget_multipart(file.id()).await;
    expect_failed(&stack, &client, &file).await;
}

#[tokio::test]
async fn parts_that_the_store_lists_otherwise_than_recorded_are_not_joined() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    client.send(&file).await;
    let [part, note] = stack.part_files(file.id(), 1).await;

    fs::write(&part, [file.object(), vec![0]].concat()).unwrap();
    client
        .complete(&file)
        .await
        .refused(ProblemCode::PartsDiffer);
    fs::write(&part, file.object()).unwrap();

    let right = fs::read_to_string(&note).unwrap();
    let sha256 = file.receipts()[0].sha256.to_string();
    let other = sealift_transfer::api::Sha256::of(b"other").to_string();
    assert!(right.contains(&sha256));
    fs::write(&note, right.replace(&sha256, &other)).unwrap();
    client
        .complete(&file)
        .await
        .refused(ProblemCode::PartsDiffer);
    fs::write(&note, &right).unwrap();

    let second = part.with_file_name(
        part.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .replace(".part-1", ".part-2"),
    );
    fs::write(&second, b"never signed").unwrap();
    fs::write(
        note.with_file_name(
            note.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .replace(".part-1", ".part-2"),
        ),
        &right,
    )
    .unwrap();
    client
        .complete(&file)
        .await
        .refused(ProblemCode::PartsDiffer);
    fs::remove_file(&second).unwrap();

    client.complete(&file).await.json::<FileRecord>(200);
}

/// What a reader of a damaged object may see: a refusal, or a right beginning that breaks off.
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

/// A file, what can be done to its object, and the two codes that say so.
async fn changed_later(tamper: impl AsyncFn(&Stack, &FileRecord)) -> (Stack, FileRecord, Vec<u8>) {
    let stack = Stack::start().await;
    let plaintext = bytes(300 * FRAME);
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
        fs::copy(stack.note_of(&other), stack.note_of(record)).unwrap();
    };
    let rewritten = async |stack: &Stack, record: &FileRecord| {
        // The very same bytes, but stored anew: another ETag.
        fs::remove_file(stack.note_of(record)).unwrap();
    };
    for (stack, record, _) in [
        changed_later(extended).await,
        changed_later(cut).await,
        changed_later(emptied).await,
        changed_later(swapped).await,
        changed_later(rewritten).await,
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
    for place in [5, 100, -40, -1, 150 * (frame + 32)] {
        let (stack, record, plaintext) = changed_later(async |stack, record| {
            alter(&stack.object_of(record), place);
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
    // Frames behind it are as good as ever: the header comes from the record.
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
async fn frames_that_changed_places_are_refused() {
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

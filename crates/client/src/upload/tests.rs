//! Uploads against a scripted server that lies or loses answers. The stories test uploads with the
//! real server.

use std::collections::BTreeMap;

use bytes::Bytes;
use sealift_message::Header;
use sealift_transfer::{
    PartNumber,
    api::{
        FileId, OpenedUpload, ProblemCode, SignedPart, SignedParts, UploadId, UploadState,
        UploadStatus, Verification,
        open::{ContentKeyText, Method},
    },
};
use serde::Serialize;

use tokio_util::sync::CancellationToken;

mod addresses;
mod parallel;

use super::*;
use crate::{
    SourceError,
    part_sealer::PartSealerError,
    part_sealer::tests::{FRAME, data_key, header, plan},
    raw_server::{Asked, answer, listen, play},
    source::FileSource,
};

const PLAINTEXT: &[u8] = b"What only the owner may read.";

fn upload_id() -> UploadId {
    UploadId::from_random([1; 16])
}

fn json(value: &impl Serialize) -> String {
    answer("200 OK\r\n", &serde_json::to_string(value).unwrap())
}

fn done() -> String {
    answer("204 No Content\r\n", "")
}

/// Returns an honest answer to the open request, for [`PLAINTEXT`].
fn opened() -> OpenedUpload {
    let header: Header = header(&data_key(), FRAME);
    let verified = header.verify(&data_key()).unwrap();
    let content_key = ContentKeyText::from_bytes(verified.content_key().expose());
    OpenedUpload {
        upload_id: upload_id(),
        file_id: FileId::from_random([2; 16]),
        method: Method::Multipart,
        header: header.as_bytes().to_vec(),
        plan: plan(&header, 29),
        expires_at_ms: 0,
        most_parts_per_request: 10,
        content_key: Some(content_key),
        file: None,
        signed_parts: None,
    }
}

/// Returns the status of that upload before anything was signed.
fn status() -> UploadStatus {
    let OpenedUpload {
        upload_id,
        file_id,
        method,
        header,
        plan,
        ..
    } = opened();
    UploadStatus {
        upload_id,
        file_id,
        state: UploadState::Open,
        method,
        name: "a".into(),
        last_modified_ms: None,
        header,
        plan,
        expires_at_ms: 0,
        most_parts_per_request: 10,
        parts: Vec::new(),
        file: None,
        unreadable: Vec::new(),
    }
}

fn record() -> FileRecord {
    FileRecord {
        id: FileId::from_random([2; 16]),
        upload_id: upload_id(),
        name: "a".into(),
        content_type: None,
        size: 29,
        sealed_size: 1000,
        metadata: None,
        reference: None,
        uploaded_at_ms: 0,
        verification: Verification::Pending,
        bucket: "b".into(),
        object_key: "o".into(),
        etag: "e".into(),
        version: None,
        encrypted_data_key: Vec::new(),
        encryption_context: BTreeMap::new(),
        unreadable: Vec::new(),
    }
}

async fn upload(
    client: &Client,
    source: impl Source,
    cancel: CancellationToken,
) -> Result<FileRecord, UploadError> {
    let options = UploadOptions::named("a");
    client.upload(source, options, |_| {}, cancel).await
}

/// Uploads [`PLAINTEXT`] to a server with these answers. Returns the result and the requests.
async fn played(answers: Vec<String>) -> (Result<FileRecord, UploadError>, Vec<Asked>) {
    let (client, listener) = listen().await;
    let server = play(listener, answers);
    let plaintext = Bytes::from_static(PLAINTEXT);
    let result = upload(&client, plaintext, CancellationToken::new()).await;
    (result, server.await.unwrap())
}

fn what(asked: &[Asked]) -> Vec<String> {
    let id = upload_id();
    let what = asked
        .iter()
        .map(|asked| asked.what().replace(id.as_str(), "ID"));
    what.collect()
}

const TAKEN_BACK: [&str; 2] = ["post /v1/uploads", "delete /v1/uploads/ID"];

#[tokio::test]
async fn nothing_is_sealed_under_a_header_that_is_not_of_the_key() {
    let content_key = Some(ContentKeyText::from_bytes(&[9; 32]));
    let lying = OpenedUpload {
        content_key,
        ..opened()
    };
    let (result, asked) = played(vec![json(&lying), done()]).await;
    let error = result.unwrap_err();
    assert!(
        matches!(error, UploadError::Sealing(PartSealerError::Header(_))),
        "{error:?}"
    );
    assert_eq!(what(&asked), TAKEN_BACK);
}

#[tokio::test]
async fn nothing_is_sealed_by_a_plan_for_another_file() {
    let plan = plan(&header(&data_key(), FRAME), 30);
    let lying = OpenedUpload { plan, ..opened() };
    let (result, asked) = played(vec![json(&lying), done()]).await;
    let error = result.unwrap_err();
    assert!(matches!(error, UploadError::Broken(_)), "{error:?}");
    assert_eq!(what(&asked), TAKEN_BACK);
}

#[tokio::test]
async fn a_lost_answer_is_made_good_by_the_same_token_and_the_key_that_comes_is_checked() {
    let content_key = None;
    let again = OpenedUpload {
        content_key,
        ..opened()
    };
    let wrong_key = answer("200 OK\r\n", &"k".repeat(32));
    let (result, asked) = played(vec![
        String::new(),
        json(&again),
        json(&status()),
        wrong_key,
        done(),
    ])
    .await;
    let error = result.unwrap_err();
    assert!(
        matches!(error, UploadError::Sealing(PartSealerError::Header(_))),
        "{error:?}"
    );
    assert_eq!(
        what(&asked),
        [
            "post /v1/uploads",
            "post /v1/uploads",
            "get /v1/uploads/ID",
            "post /v1/uploads/ID/key",
            "delete /v1/uploads/ID"
        ]
    );
    assert_eq!(
        asked[0].body, asked[1].body,
        "another request, or another token"
    );
}

#[tokio::test]
async fn a_single_put_that_meets_its_own_object_is_completed() {
    let (client, listener) = listen().await;
    let part = SignedPart {
        number: PartNumber::FIRST,
        url: client.server.at("/store/a?X-Amz-Signature=b"),
        headers: BTreeMap::from([("if-none-match".into(), "*".into())]),
        expires_at_ms: 0,
        expires_in_ms: None,
    };
    let signed = SignedParts {
        parts: vec![part],
        expires_at_ms: 0,
    };
    let single = OpenedUpload {
        method: Method::Single,
        ..opened()
    };
    let timeout = "<Error><Code>RequestTimeout</Code></Error>";
    let answers = vec![
        json(&single),
        json(&signed),
        // S3's code for a body that arrived too slowly.
        answer("400 Bad Request\r\n", timeout),
        // The PUT succeeded, but its answer is lost.
        String::new(),
        json(&signed),
        answer("412 Precondition Failed\r\n", ""),
        answer("400 Bad Request\r\n", ""),
    ];
    let server = play(listener, answers);
    let plaintext = Bytes::from_static(PLAINTEXT);
    let ended = upload(&client, plaintext, CancellationToken::new()).await;
    assert!(ended.is_err());
    assert_eq!(
        what(&server.await.unwrap()),
        [
            "post /v1/uploads",
            "post /v1/uploads/ID/parts",
            "put /store/a",
            "put /store/a",
            "post /v1/uploads/ID/parts",
            "put /store/a",
            "post /v1/uploads/ID/complete",
        ]
    );
}

#[tokio::test]
async fn a_part_that_the_store_refused_is_sent_again_with_the_same_bytes() {
    let (client, listener) = listen().await;
    let part = SignedPart {
        number: PartNumber::FIRST,
        url: client.server.at("/store/a?X-Amz-Signature=b"),
        headers: BTreeMap::new(),
        expires_at_ms: 0,
        expires_in_ms: None,
    };
    let signed = SignedParts {
        parts: vec![part],
        expires_at_ms: 0,
    };
    let too_early = serde_json::to_string(&ProblemCode::PartsMissing.problem("No.")).unwrap();
    let answers = vec![
        json(&opened()),
        json(&signed),
        answer("503 Slow Down\r\n", ""),
        String::new(),
        json(&signed),
        answer("403 Forbidden\r\n", ""),
        json(&signed),
        answer("200 OK\r\n", ""),
        answer(
            "409 Conflict\r\ncontent-type: application/problem+json\r\n",
            &too_early,
        ),
        json(&status()),
    ];
    let server = play(listener, answers);
    let plaintext = Bytes::from_static(PLAINTEXT);
    let error = upload(&client, plaintext, CancellationToken::new())
        .await
        .unwrap_err();
    let asked = server.await.unwrap();
    assert_eq!(
        what(&asked),
        [
            "post /v1/uploads",
            "post /v1/uploads/ID/parts",
            "put /store/a",
            "put /store/a",
            "post /v1/uploads/ID/parts",
            "put /store/a",
            "post /v1/uploads/ID/parts",
            "put /store/a",
            "post /v1/uploads/ID/complete",
            "get /v1/uploads/ID",
        ]
    );
    for again in [3, 5, 7] {
        assert_eq!(asked[again].body, asked[2].body);
    }
    let UploadError::Failed {
        upload_id: Some(id),
        error,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(id, upload_id());
    assert_eq!(error.to_string(), "No. (parts_missing)");
}

#[tokio::test]
async fn a_file_that_changed_since_it_was_opened_is_taken_back() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), PLAINTEXT).unwrap();
    let source = FileSource::open(file.path()).unwrap();
    std::fs::write(file.path(), "something else").unwrap();
    let (client, listener) = listen().await;
    let server = play(listener, vec![json(&opened()), done()]);
    let error = upload(&client, source, CancellationToken::new())
        .await
        .unwrap_err();
    assert!(
        matches!(error, UploadError::Source(SourceError::Changed)),
        "{error:?}"
    );
    assert_eq!(what(&server.await.unwrap()), TAKEN_BACK);
}

#[tokio::test]
async fn what_is_cancelled_is_taken_back() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let (client, listener) = listen().await;
    let server = play(listener, vec![json(&opened()), done()]);
    let plaintext = Bytes::from_static(PLAINTEXT);
    let error = upload(&client, plaintext, cancel).await.unwrap_err();
    assert!(matches!(error, UploadError::Cancelled), "{error:?}");
    assert_eq!(what(&server.await.unwrap()), TAKEN_BACK);
}

#[tokio::test]
async fn what_the_server_does_not_take_is_refused_in_its_words() {
    let problem = ProblemCode::FileTooLarge.problem("The file is too large.");
    let problem = serde_json::to_string(&problem).unwrap();
    let head = "413 Content Too Large\r\ncontent-type: application/problem+json\r\n";
    let (result, asked) = played(vec![answer(head, &problem)]).await;
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "The file is too large. (file_too_large)");
    assert!(
        matches!(
            error,
            UploadError::Failed {
                upload_id: None,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn what_somebody_else_completed_counts_only_where_nothing_must_be_compared() {
    let complete = UploadStatus {
        state: UploadState::Complete,
        file: Some(Box::new(record())),
        ..status()
    };
    let resumed = async |must_compare| {
        let (client, listener) = listen().await;
        let server = play(listener, vec![json(&complete)]);
        let options = ResumeOptions {
            must_compare,
            ..ResumeOptions::default()
        };
        let source = Bytes::from_static(PLAINTEXT);
        let cancel = CancellationToken::new();
        let result = client.resume(upload_id(), source, options, |_| {}, cancel);
        let result = result.await;
        assert_eq!(what(&server.await.unwrap()), ["get /v1/uploads/ID"]);
        result
    };
    assert_eq!(resumed(false).await.unwrap().upload_id, upload_id());
    let error = resumed(true).await.unwrap_err();
    let state = UploadState::Complete;
    assert!(
        matches!(&error, UploadError::Gone { state: gone, .. } if *gone == state),
        "{error:?}"
    );
}

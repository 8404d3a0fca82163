//! Nothing in the database confirms a guess about a name or a content, because a person with a backup of
//! it must not be able to check guesses. These tests search the raw files of the database for everything
//! that can be computed from a guess.

use std::{fs, path::Path};

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use sealift_transfer::api::{
    FileRecord, OpenUpload, OpenedUpload, ProblemCode, UploadId, files, open,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{
    PART, SealedFile, Stack, alter, bytes,
    forms::{Part, form},
    sealing::{new_token, request},
};

/// Returns the bytes of the database's file and its journals, one after the other.
fn raw(stack_database: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for beside in ["", "-wal", "-shm"] {
        let mut name = stack_database.as_os_str().to_owned();
        name.push(beside);
        all.extend(fs::read(name).unwrap_or_default());
    }
    all
}

fn has(all: &[u8], wanted: &[u8]) -> bool {
    let mut windows = all.iter().enumerate();
    windows.any(|(at, byte)| wanted.first() == Some(byte) && all[at..].starts_with(wanted))
}

/// Returns a hash in every form in which it might be kept. The first bytes are left out, so that the search
/// also finds a hash behind a prefix.
fn forms_of(hash: &[u8]) -> Vec<Vec<u8>> {
    vec![
        hash.to_vec(),
        HEXLOWER.encode(hash).into_bytes(),
        HEXUPPER.encode(hash).into_bytes(),
        BASE64.encode(hash).into_bytes(),
        BASE64_NOPAD.encode(hash).into_bytes(),
        BASE64URL_NOPAD.encode(hash).into_bytes(),
    ]
}

/// Returns all byte strings that can be computed from a right guess of this request and this plaintext.
fn guesses(asked: &Value, plaintext: &[u8]) -> Vec<Vec<u8>> {
    let mut guesses = vec![plaintext.to_vec(), asked["name"].as_str().unwrap().into()];
    let typed: OpenUpload = serde_json::from_value(asked.clone()).unwrap();
    let canonical = serde_json::to_vec(&typed).unwrap();
    let name = asked["name"].as_str().unwrap().as_bytes();
    for text in [plaintext, &canonical, asked.to_string().as_bytes(), name] {
        guesses.extend(forms_of(&Sha256::digest(text)));
        guesses.extend(forms_of(&sha2::Sha512::digest(text)));
    }
    if let Some(metadata) = asked.get("metadata") {
        guesses.push(metadata.to_string().into_bytes());
        guesses.extend(forms_of(&Sha256::digest(metadata.to_string())));
    }
    guesses
}

fn expect_no_guess_confirmed(stack: &Stack, guesses: &[Vec<u8>], when: &str) {
    let all = raw(&stack.config.database_file());
    // The search reads the right files.
    assert!(has(&all, b"CREATE TABLE uploads") && has(&all, b"sealift-1"));
    for guess in guesses {
        let text = String::from_utf8_lossy(guess);
        assert!(!has(&all, guess), "{when}: {text}");
    }
}

fn asked(plaintext: &[u8]) -> Value {
    let mut asked = request(&new_token(), "salaries of 2026.xlsx", plaintext.len());
    asked["metadata"] = serde_json::json!({ "patient": "Jane Roe" });
    asked["last_modified_ms"] = 1_700_000_000_000_i64.into();
    asked
}

#[tokio::test]
async fn the_raw_database_confirms_no_guess_before_or_after_a_deletion() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = b"a known small file";
    let asked = asked(plaintext);
    let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
    let file = SealedFile::seal(opened, plaintext);
    client.send(&file).await;
    let record: FileRecord = client.complete(&file).await.json(200);
    let known = HEXLOWER.encode(&Sha256::digest(plaintext));
    assert_eq!(stack.verified(&record).await, known);
    let guesses = guesses(&asked, plaintext);
    expect_no_guess_confirmed(&stack, &guesses, "while it is there");

    client.delete(&files::path(&record.id)).await;
    expect_no_guess_confirmed(&stack, &guesses, "after its deletion");
    // The sealed hash and the keyed fingerprint are gone with the file.
    let kept = "SELECT count(sealed_sha256) + sum(length(original_filename)) FROM files
                WHERE file_id = ?";
    assert_eq!(stack.number(kept, record.id.as_str()).await, 0);
    let kept = "SELECT length(request_mac) + length(original_filename) FROM uploads
                WHERE upload_id = ?";
    assert_eq!(stack.number(kept, record.upload_id.as_str()).await, 0);
    // After a stop everything is in the database's file itself, without a journal.
    let stack = stack.restart().await;
    expect_no_guess_confirmed(&stack, &guesses, "after a restart");
}

#[tokio::test]
async fn nor_does_it_of_an_upload_that_is_open_was_aborted_or_failed() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(PART + 10);
    for end in ["open", "aborted", "failed"] {
        let asked = asked(&plaintext);
        let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
        let file = SealedFile::seal(opened, &plaintext);
        client.send(&file).await;
        match end {
            "aborted" => assert_eq!(client.abort(file.id()).await.status, 204),
            "failed" => {
                alter(&stack.part_files(file.id(), 1).await[0], 1000);
                let refused = client.complete(&file).await;
                refused.refused(ProblemCode::UploadFailed);
            }
            _ => {}
        }
        expect_no_guess_confirmed(&stack, &guesses(&asked, &plaintext), end);
        let kept = "SELECT length(request_mac) > 0 FROM uploads WHERE upload_id = ?";
        let is_kept = stack.number(kept, file.id().as_str()).await == 1;
        assert_eq!(is_kept, end == "open", "{end}");
    }
}

#[tokio::test]
async fn nor_does_it_of_a_file_that_curl_or_a_form_brought() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = b"a known small file";
    let name = "salaries of 2026.xlsx";
    let (content_type, body) = form(&[Part::file("file", name, plaintext)]);
    let posted = client.request(http::Method::POST, "/upload");
    let posted = posted.header("content-type", content_type).body(body);
    let put = client.request(http::Method::PUT, "/upload/salaries%20of%202026.xlsx");
    for request in [posted, put.body(plaintext.to_vec())] {
        let request = request.header("accept", "application/json");
        let record: FileRecord = crate::support::Answer::to(request).await.json(201);
        assert_eq!(record.name, name);
        stack.verified(&record).await;
    }
    let asked = request("guessed-client-token", name, plaintext.len());
    expect_no_guess_confirmed(&stack, &guesses(&asked, plaintext), "sealed here");
}

/// After the end nothing is left to compare a request with, so no request counts as a repeated one.
#[tokio::test]
async fn a_client_token_that_comes_again_after_the_end_opens_nothing_and_reveals_nothing() {
    let stack = Stack::start().await;
    let client = stack.client();
    let upload = async |end: &str| -> (Value, UploadId) {
        let plaintext = bytes(PART + 10);
        let asked = asked(&plaintext);
        let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
        let file = SealedFile::seal(opened, &plaintext);
        client.send(&file).await;
        match end {
            "deleted" => {
                client.complete(&file).await.json::<FileRecord>(200);
                // The same request gets the file as long as the file exists.
                let again: OpenedUpload = client.post(open::PATH, &asked).await.json(200);
                assert!(again.file.is_some() && again.content_key.is_none());
                client.delete(&files::path(file.file_id())).await;
            }
            "aborted" => assert_eq!(client.abort(file.id()).await.status, 204),
            _ => {
                alter(&stack.part_files(file.id(), 1).await[0], 1000);
                let refused = client.complete(&file).await;
                refused.refused(ProblemCode::UploadFailed);
            }
        }
        (asked, file.id().clone())
    };
    for end in ["deleted", "aborted", "failed"] {
        let (asked, upload_id) = upload(end).await;
        let mut other = asked.clone();
        other["name"] = "another guess".into();
        let answers = [
            client.post(open::PATH, &asked).await,
            client.post(open::PATH, &other).await,
        ];
        let details = answers.map(|answer| answer.refused(ProblemCode::TokenReused).detail);
        assert_eq!(details[0], details[1], "{end}");
        let rows = "SELECT count(*) FROM uploads WHERE client_token = ?";
        let token = asked["client_token"].as_str().unwrap();
        assert_eq!(stack.number(rows, token).await, 1);
        let status = client.status(&upload_id).await.json::<Value>(200);
        assert_eq!(status["name"], "", "{end}");
        assert_eq!(status.get("unreadable"), None, "{end}");
    }
}

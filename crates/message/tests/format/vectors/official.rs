//! Tests the official vectors of suite 0x0478 on the crate's own path. The vectors are not part of the
//! project: if the folder beside the project is absent, the tests that need it say that they were skipped.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use sealift_message::{
    DataKey, DecryptError, Decryptor, EncryptionContext, Header, Limits, Unsupported,
};
use serde::Deserialize;

use super::{Base64, WrappingKey, open_body};

/// Reads a file of the folder beside the project.
pub(crate) fn read(file: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    if !folder.is_dir() {
        // This bypasses the capture of a test's output, because the developer must see that the test was
        // skipped.
        io::stderr()
            .write_all(b"skipped: no official vectors beside the project (../shared/vectors)\n")
            .unwrap();
        return None;
    }
    Some(fs::read(folder.join(file)).unwrap())
}

#[derive(Deserialize)]
pub(crate) struct KnownAnswers {
    pub(crate) tests: Vec<KnownAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct KnownAnswer {
    pub(crate) comment: String,
    pub(crate) status: bool,
    pub(crate) ciphertext: Base64,
    pub(crate) decrypted_dek: Base64,
    pub(crate) message_id: Base64,
    /// The content key, which not every source of these messages states.
    pub(crate) content_encryption_key: Option<Base64>,
    pub(crate) commitment: Base64,
    pub(crate) encryption_context: BTreeMap<String, String>,
    pub(crate) plaintext_frames: Option<Vec<String>>,
}

/// The error for a message whose body is not framed.
const NOT_FRAMED: DecryptError = DecryptError::Unsupported(Unsupported::ContentType(1));

#[test]
fn known_answers_of_key_commitment() {
    let Some(json) = read("commitment-test-vectors.json") else {
        return;
    };
    let answers: KnownAnswers = serde_json::from_slice(&json).unwrap();
    let ours = |answer: &&KnownAnswer| answer.ciphertext.0.starts_with(&[2, 0x04, 0x78]);
    let (mut derived, mut opened, mut refused) = (0, 0, 0);
    for answer in answers.tests.iter().filter(ours) {
        let comment = &answer.comment;
        let data_key = DataKey::try_from(answer.decrypted_dek.0.as_slice()).unwrap();
        let message = &answer.ciphertext.0;
        let parsed = Header::parse(message, &Limits::GENERAL.with_data_keys(10));
        if comment.ends_with("unframed") {
            assert_eq!(parsed, Err(NOT_FRAMED), "{comment}");
            continue;
        }
        let (header, _) = parsed.unwrap();
        assert_eq!(header.message_id().as_bytes()[..], answer.message_id.0);
        let pairs = answer.encryption_context.clone();
        let context = EncryptionContext::from_pairs(pairs).unwrap();
        assert_eq!(header.encryption_context(), &context, "{comment}");
        let verified = header.verify(&data_key);
        if !answer.status {
            assert_eq!(verified.map(drop), Err(DecryptError::Unauthentic));
            refused += 1;
            continue;
        }
        let (content_key, commitment) = data_key.derive(header.message_id());
        assert_eq!(commitment.as_bytes()[..], answer.commitment.0, "{comment}");
        if let Some(expected) = &answer.content_encryption_key {
            assert_eq!(content_key.expose()[..], expected.0, "{comment}");
            derived += 1;
        }
        let plaintext = open_body(message, verified.unwrap(), |verified| {
            Ok(Decryptor::general(verified))
        })
        .unwrap();
        let expected = answer.plaintext_frames.as_ref().unwrap().concat();
        assert_eq!(plaintext, expected.as_bytes(), "{comment}");
        opened += 1;
    }
    assert_eq!((derived, opened, refused), (8, 17, 3));
}

#[derive(Deserialize)]
pub(crate) struct Index {
    pub(crate) keys: BTreeMap<String, IndexKey>,
    pub(crate) vectors: Vec<IndexEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct IndexKey {
    pub(crate) key_id: String,
    pub(crate) material: Base64,
}

#[derive(Deserialize)]
pub(crate) struct IndexEntry {
    pub(crate) file: String,
    pub(crate) suite: String,
    pub(crate) unwrap: Unwrap,
    pub(crate) required_keys: Vec<String>,
    pub(crate) context: BTreeMap<String, String>,
    pub(crate) expect: String,
    pub(crate) plaintext: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Unwrap {
    pub(crate) key: String,
    pub(crate) provider_id: String,
}

#[test]
fn messages_of_official_releases_open_and_those_of_the_faulty_one_do_not() {
    let Some(json) = read("index.json") else {
        return;
    };
    let index: Index = serde_json::from_slice(&json).unwrap();
    let mut opened = 0;
    let mut refused = 0;
    for entry in index.vectors.iter().filter(|entry| entry.suite == "0478") {
        let file = &entry.file;
        let key = &index.keys[&entry.unwrap.key];
        let wrapping_key = WrappingKey {
            bytes: key.material.0.as_slice().try_into().unwrap(),
            namespace: &entry.unwrap.provider_id,
            name: &key.key_id,
        };
        let pairs = entry.context.clone().into_iter();
        let pairs = pairs.filter(|(key, _)| entry.required_keys.contains(key));
        let required = EncryptionContext::from_pairs(pairs).unwrap();
        let message = read(file).unwrap();
        let result = wrapping_key.open(&message, &required);
        if entry.expect == "ok" {
            assert_eq!(result, Ok(read(&entry.plaintext).unwrap()), "{file}");
            opened += 1;
        } else {
            // The data key opens, so only the header's tag is wrong.
            let (header, _) = Header::parse(&message, &Limits::GENERAL).unwrap();
            assert!(wrapping_key.data_key(&header, &required).is_ok(), "{file}");
            assert_eq!(result, Err(DecryptError::Unauthentic), "{file}");
            refused += 1;
        }
        if !required.is_empty() {
            let without = wrapping_key.open(&message, &EncryptionContext::default());
            assert_eq!(without, Err(DecryptError::Unauthentic), "{file}");
        }
    }
    assert_eq!((opened, refused), (4, 2));
}

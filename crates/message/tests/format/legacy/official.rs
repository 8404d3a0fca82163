//! Tests all the official vectors: 66 messages of every suite, and the known answers of key commitment.

use std::collections::BTreeMap;

use sealift_message::general::{Header, Policy, unwrap_raw_aes};
use sealift_message::{DecryptError, EncryptionContext, Limits, Unsupported};

use super::Reading;
use crate::vectors::official::{Index, IndexEntry, KnownAnswers, read};

#[test]
fn known_answers_of_every_committing_suite_framed_and_not() {
    let Some(json) = read("commitment-test-vectors.json") else {
        return;
    };
    let answers: KnownAnswers = serde_json::from_slice(&json).unwrap();
    let mut counts = BTreeMap::new();
    for answer in &answers.tests {
        let comment = &answer.comment;
        let message = &answer.ciphertext.0;
        let mut reading = Reading::any(&answer.decrypted_dek.0);
        reading.policy = Policy::COMMITTED;
        reading.limits = Limits::GENERAL.with_data_keys(10);
        let (header, _) = Header::parse(message, &reading.limits).unwrap();
        assert_eq!(header.message_id(), answer.message_id.0, "{comment}");
        let commitment = header.commitment().unwrap();
        let opened = reading.open(message);
        if answer.status {
            assert_eq!(commitment.as_bytes()[..], answer.commitment.0, "{comment}");
            let expected = answer.plaintext_frames.as_ref().unwrap().concat();
            assert_eq!(opened.result, Ok(()), "{comment}");
            assert_eq!(opened.released, expected.as_bytes(), "{comment}");
        } else {
            assert!(opened.released.is_empty(), "{comment}");
            assert_eq!(opened.refused(b""), DecryptError::Unauthentic, "{comment}");
        }
        let kind = (header.suite().id(), answer.status);
        *counts.entry(kind).or_insert(0) += 1;
    }
    let expected = [
        ((0x0478, false), 3),
        ((0x0478, true), 20),
        ((0x0578, false), 2),
        ((0x0578, true), 21),
    ];
    assert_eq!(counts, expected.into());
}

#[test]
fn messages_of_every_suite_open_as_their_index_expects() {
    let Some(json) = read("index.json") else {
        return;
    };
    let index: Index = serde_json::from_slice(&json).unwrap();
    let mut counts = BTreeMap::new();
    for entry in &index.vectors {
        let file = &entry.file;
        let suite = u16::from_str_radix(&entry.suite, 16).unwrap();
        let message = read(file).unwrap();
        let required = required_of(entry);
        let data_key = DataKeyOf {
            index: &index,
            entry,
        }
        .open(&message, &required);
        let mut reading = Reading::any(&data_key);
        reading.required = required;

        let opened = reading.open(&message);
        let is_right = entry.expect == "ok";
        if is_right {
            assert_eq!(opened.result, Ok(()), "{file}");
            assert_eq!(opened.released, read(&entry.plaintext).unwrap(), "{file}");
        } else {
            assert!(opened.released.is_empty(), "{file}");
            assert_eq!(opened.refused(b""), DecryptError::Unauthentic, "{file}");
        }

        reading.policy = Policy::COMMITTED;
        let opened = reading.open(&message);
        if suite < 0x0400 {
            assert!(opened.released.is_empty(), "{file}");
            let refused = opened.refused(b"");
            assert_eq!(refused, Unsupported::NoCommitment(suite).into(), "{file}");
        } else {
            assert_eq!(opened.result.is_ok(), is_right, "{file}");
        }

        if !entry.required_keys.is_empty() {
            let without = Reading::any(&data_key).open(&message);
            assert_eq!(without.refused(b""), DecryptError::Unauthentic, "{file}");
        }
        *counts.entry(is_right).or_insert(0) += 1;
    }
    assert_eq!(counts, [(false, 28), (true, 38)].into());
}

fn required_of(entry: &IndexEntry) -> EncryptionContext {
    let pairs = entry.context.clone().into_iter();
    let pairs = pairs.filter(|(key, _)| entry.required_keys.contains(key));
    EncryptionContext::from_pairs(pairs).unwrap()
}

struct DataKeyOf<'a> {
    index: &'a Index,
    entry: &'a IndexEntry,
}

impl DataKeyOf<'_> {
    /// Opens the data key like a keyring. The test compares its bytes with nothing, because the message
    /// itself shows whether they are right.
    fn open(&self, message: &[u8], required: &EncryptionContext) -> Vec<u8> {
        let (header, _) = Header::parse(message, &Limits::GENERAL).unwrap();
        let context = header
            .encryption_context()
            .joined(required, &Limits::GENERAL)
            .unwrap();
        let key = &self.index.keys[&self.entry.unwrap.key];
        let encrypted = &header.encrypted_data_keys()[0];
        let namespace = &self.entry.unwrap.provider_id;
        let name = &key.key_id;
        let opened = unwrap_raw_aes(&key.material.0, namespace, name, encrypted, &context);
        opened.unwrap().expose().to_vec()
    }
}

//! Tests that key commitment is required unless the user explicitly goes without, and that it is compared
//! first.

use sealift_message::general::{AnyDataKey, Header, Policy, Suite};
use sealift_message::{DecryptError, EncryptionContext, Limits, Unsupported};

use super::writer::Message;
use super::{ANY, Reading, SUITES};

#[test]
fn a_suite_without_commitment_is_refused_before_any_plaintext() {
    for (suite, _) in SUITES {
        for message in [
            Message::framed(suite, 4, &[b"abcd", b"ef"]),
            Message::unframed(suite, b"abcdef"),
        ] {
            let mut reading = Reading::any(&message.data_key);
            reading.policy = Policy::default();
            let opened = reading.open(&message.bytes());
            if suite >= 0x0400 {
                assert!(opened.is_whole(b"abcdef"), "{suite:#06x}");
                continue;
            }
            assert!(opened.released.is_empty());
            let refused = opened.refused(b"");
            assert_eq!(refused, Unsupported::NoCommitment(suite).into());
        }
    }
}

#[test]
fn the_policy_is_asked_before_a_key_is() {
    for suite in Suite::ALL {
        let message = Message::framed(suite.id(), 4, &[b"ab"]);
        let (header, _) = Header::parse(&message.bytes(), &Limits::GENERAL).unwrap();
        let expected = if suite.has_commitment() {
            Ok(())
        } else {
            Err(Unsupported::NoCommitment(suite.id()).into())
        };
        assert_eq!(header.check(&Policy::COMMITTED), expected);
        assert_eq!(Policy::COMMITTED.permits(suite), expected.is_ok());
        assert!(ANY.permits(suite));
        // A key that is wrong in every way does not change the policy's answer.
        let key = AnyDataKey::try_from([0; 24].as_slice()).unwrap();
        let verified = header.verify(&Policy::COMMITTED, &key, &EncryptionContext::default());
        let wrong_key = expected.and(Err(DecryptError::Unauthentic));
        assert_eq!(verified.map(drop), wrong_key);
    }
}

#[test]
fn a_commitment_to_another_key_is_refused_although_the_tag_is_right() {
    for suite in [0x0478, 0x0578] {
        for at in [0, 31] {
            let mut message = Message::framed(suite, 4, &[b"abcd", b"ef"]);
            let right = message.header();
            let mut commitment: [u8; 32] = right[right.len() - 48..right.len() - 16]
                .try_into()
                .unwrap();
            message.commitment = Some(commitment);
            let reading =
                |message: &Message| Reading::any(&message.data_key).open(&message.bytes());
            assert!(reading(&message).is_whole(b"abcdef"));
            commitment[at] ^= 0x80;
            message.commitment = Some(commitment);
            let refused = reading(&message).refused(b"");
            assert_eq!(refused, DecryptError::Unauthentic);
        }
    }
}

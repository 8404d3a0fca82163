//! Tests that every suite opens, framed or not, at any size, and only with its own key and context.

use sealift_message::general::{Content, Header, Suite};
use sealift_message::{DecryptError, EncryptionContext, Field, Limits, Unsupported};

use super::writer::Message;
use super::{ANY, Reading, SUITES};

#[test]
fn every_suite_opens_in_frames_and_in_one_piece() {
    for (suite, _) in SUITES {
        for message in [
            Message::framed(suite, 4, &[b"abcd", b"efgh", b"ij"]),
            Message::framed(suite, 4, &[b"abcd", b"efgh"]),
            Message::framed(suite, 4, &[b"abcd", b""]),
            Message::framed(suite, 1, &[b"a", b"b"]),
            Message::framed(suite, 4096, &[b""]),
            Message::unframed(suite, b""),
            Message::unframed(suite, b"x"),
            Message::unframed(suite, &[0xA5; 100_000]),
        ] {
            let opened = Reading::any(&message.data_key).open(&message.bytes());
            let (pieces, result) = (message.pieces.len(), opened.result);
            assert_eq!(result, Ok(()), "{suite:#06x}, {pieces} pieces");
            assert_eq!(opened.released, message.plaintext());
        }
    }
}

#[test]
fn a_header_says_what_the_message_is() {
    for (suite, key_len) in SUITES {
        let mut message = Message::framed(suite, 512, &[b"x"]);
        for is_framed in [true, false] {
            message.frame_length = if is_framed { 512 } else { 0 };
            let (header, len) = Header::parse(&message.bytes(), &Limits::GENERAL).unwrap();
            assert_eq!(header.as_bytes(), message.header());
            assert_eq!(len as u64, header.len());
            assert_eq!(header.suite(), Suite::of(suite).unwrap());
            assert_eq!(header.suite().key_len(), key_len);
            assert_eq!(header.suite().is_signed(), message.is_signed());
            let is_old = suite < 0x0400;
            assert_eq!(
                header.message_id(),
                &[0x1D; 32][..if is_old { 16 } else { 32 }]
            );
            assert_eq!(header.commitment().is_some(), !is_old);
            match header.content() {
                Content::Framed(length) => assert_eq!((length.get(), is_framed), (512, true)),
                Content::Unframed => assert!(!is_framed),
            }
            let pairs: Vec<_> = header.encryption_context().iter().collect();
            assert_eq!(pairs[0], ("a-key", "value"));
            assert_eq!(pairs.len(), 2 + usize::from(message.is_signed()));
            assert_eq!(header.encrypted_data_keys()[0].provider_id(), "ns");
        }
    }
}

#[test]
fn another_data_key_opens_nothing() {
    for (suite, key_len) in SUITES {
        let message = Message::framed(suite, 4, &[b"abcd", b"ef"]);
        let mut other = message.data_key.clone();
        other[key_len - 1] ^= 1;
        let too_short = &message.data_key[..16];
        for key in [&other[..], too_short, &[1; 24], &[1; 32]] {
            if key == message.data_key {
                continue;
            }
            let opened = Reading::any(key).open(&message.bytes());
            assert_eq!(opened.refused(b""), DecryptError::Unauthentic);
        }
    }
}

#[test]
fn required_pairs_must_be_known() {
    for (suite, _) in SUITES {
        let mut message = Message::framed(suite, 4, &[b"abcd", b"ef"]);
        message.required = vec![("secret-of".into(), "both".into())];
        let bytes = message.bytes();
        let mut reading = Reading::any(&message.data_key);
        let opened = reading.open(&bytes);
        assert_eq!(opened.refused(b""), DecryptError::Unauthentic);
        reading.required = EncryptionContext::from_pairs([("secret-of", "one")]).unwrap();
        let opened = reading.open(&bytes);
        assert_eq!(opened.refused(b""), DecryptError::Unauthentic);
        reading.required = EncryptionContext::from_pairs([("secret-of", "both")]).unwrap();
        assert!(reading.open(&bytes).is_whole(b"abcdef"), "{suite:#06x}");
    }
}

#[test]
fn pairs_may_stand_in_any_order_but_not_twice() {
    for (suite, _) in SUITES {
        let mut message = Message::framed(suite, 4, &[b"ab"]);
        message.is_unsorted = true;
        let opened = Reading::any(&message.data_key).open(&message.bytes());
        // docs/FORMAT.md requires the order only for the suite that we write.
        assert_eq!(opened.is_whole(b"ab"), suite != 0x0478, "{suite:#06x}");

        message.context.push(message.context[0].clone());
        let opened = Reading::any(&message.data_key).open(&message.bytes());
        let expected = DecryptError::Malformed {
            field: Field::EncryptionContext,
            at: if suite < 0x0400 { 20 } else { 35 },
        };
        assert_eq!(opened.refused(b""), expected);
    }
}

#[test]
fn a_suite_of_the_other_version_is_no_suite() {
    for (suite, _) in SUITES {
        let is_old = suite < 0x0400;
        let mut bytes = Message::framed(suite, 4, &[b"ab"]).bytes();
        // Puts the suite at the position where the reader of the other version looks for it.
        if is_old {
            bytes.splice(..2, [2]);
        } else {
            bytes.splice(..1, [1, 0x80]);
        }
        let refused = Header::parse(&bytes, &Limits::GENERAL).unwrap_err();
        assert_eq!(refused, Unsupported::Suite(suite).into());
    }
}

#[test]
fn bytes_that_are_always_the_same_are_not_others() {
    let message = Message::framed(0x0178, 4, &[b"ab"]);
    let header = message.header();
    // Content type, reserved bytes and IV length come before the frame length, IV and tag.
    let reserved = header.len() - 16 - 12 - 4 - 5;
    for (at, refused_at) in [
        (1, 1),
        (reserved, reserved),
        (reserved + 3, reserved),
        (reserved + 4, reserved),
    ] {
        let mut bytes = message.bytes();
        bytes[at] ^= 1;
        let refused = Reading::any(&message.data_key).open(&bytes).refused(b"");
        let expected = DecryptError::Malformed {
            field: Field::FixedBytes,
            at: refused_at as u64,
        };
        assert_eq!(refused, expected);
    }
}

#[test]
fn several_data_keys_are_taken_on_request_only() {
    let message = Message::framed(0x0178, 4, &[b"ab"]);
    let (one, two) = (
        b"\0\x01\0\x02ns",
        b"\0\x02\0\x02no\0\x04name\0\x03edk\0\x02ns",
    );
    let bytes = message.bytes();
    let at = bytes.windows(one.len()).position(|window| window == one);
    let mut bytes = bytes;
    bytes.splice(at.unwrap()..at.unwrap() + one.len(), *two);
    let refused = Header::parse(&bytes, &Limits::GENERAL).unwrap_err();
    let over = Unsupported::OverLimit {
        field: Field::EncryptedDataKeys,
        got: 2,
        most: 1,
    };
    assert_eq!(refused, over.into());
    let raised = Limits::GENERAL.with_data_keys(2);
    let (header, _) = Header::parse(&bytes, &raised).unwrap();
    let providers: Vec<_> = header.encrypted_data_keys().iter().collect();
    assert_eq!(providers[0].provider_id(), "no");
    assert_eq!(providers[1].provider_id(), "ns");
    assert!(header.check(&ANY).is_ok());
}

#[test]
fn a_header_over_the_limit_is_refused() {
    for (suite, _) in SUITES {
        let message = Message::framed(suite, 4, &[b"ab"]);
        let (bytes, len) = (message.bytes(), message.header().len());
        let mut reading = Reading::any(&message.data_key);
        reading.limits = Limits::GENERAL.with_header_bytes(len);
        assert!(reading.open(&bytes).is_whole(b"ab"));
        reading.limits = Limits::GENERAL.with_header_bytes(len - 1);
        let over = Unsupported::OverLimit {
            field: Field::Header,
            got: len as u64,
            most: len as u64 - 1,
        };
        let opened = reading.open(&bytes);
        assert_eq!(opened.refused(b""), over.into(), "{suite:#06x}");
    }
}

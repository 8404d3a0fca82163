//! Tests that nothing about a signed message is proven before its signature is.

use sealift_message::general::{AnyDataKey, Header, Opener};
use sealift_message::{DecryptError, EncryptionContext, Field, Limits};

use super::writer::{Message, PUBLIC_KEY};
use super::{ANY, Reading};

const SIGNED: [u16; 4] = [0x0214, 0x0346, 0x0378, 0x0578];

fn message(suite: u16) -> Message {
    Message::framed(suite, 4, &[b"abcd", b"ef"])
}

#[test]
fn only_a_signed_message_has_the_opener_that_waits_for_the_signature() {
    for (suite, _) in super::SUITES {
        let message = message(suite);
        let (header, _) = Header::parse(&message.bytes(), &Limits::GENERAL).unwrap();
        let key = AnyDataKey::try_from(message.data_key.as_slice()).unwrap();
        let verified = header.verify(&ANY, &key, &EncryptionContext::default());
        let opener = verified.unwrap().opener(&Limits::GENERAL);
        let waits = matches!(opener, Opener::Signed(_));
        assert_eq!(waits, SIGNED.contains(&suite), "{suite:#06x}");
    }
}

#[test]
fn whoever_has_the_data_key_but_not_the_signing_key_forges_nothing() {
    for suite in SIGNED {
        let honest = message(suite);
        // The forged message has the same header, so that every tag is right, but another plaintext.
        let mut forged = message(suite);
        forged.public_key = Some(public_key_of(&honest));
        forged.pieces[1] = b"EF".to_vec();
        let opened = Reading::any(&forged.data_key).open(&forged.bytes());
        assert_eq!(opened.released, b"abcdEF");
        assert_eq!(opened.result, Err(DecryptError::Unauthentic));
        // The honest signature does not fit either.
        let signed = [honest.header(), honest.body()].concat();
        let footer = honest.footer(&signed);
        let grafted = [forged.header(), forged.body(), footer].concat();
        let opened = Reading::any(&forged.data_key).open(&grafted);
        assert_eq!(opened.result, Err(DecryptError::Unauthentic));
    }
}

fn public_key_of(message: &Message) -> String {
    let (header, _) = Header::parse(&message.header(), &Limits::GENERAL).unwrap();
    let mut pairs = header.encryption_context().iter();
    let (_, value) = pairs.find(|(key, _)| *key == PUBLIC_KEY).unwrap();
    value.to_owned()
}

#[test]
fn a_signature_over_less_than_everything_is_refused() {
    for suite in SIGNED {
        let message = message(suite);
        let (header, body) = (message.header(), message.body());
        let whole = [header.clone(), body.clone()].concat();
        for signed in [&header[..], &body, &whole[1..], &whole[..whole.len() - 1]] {
            let bytes = [whole.clone(), message.footer(signed)].concat();
            let refused = Reading::any(&message.data_key)
                .open(&bytes)
                .refused(b"abcdef");
            assert_eq!(refused, DecryptError::Unauthentic);
        }
        let bytes = [whole.clone(), message.footer(&whole)].concat();
        assert!(
            Reading::any(&message.data_key)
                .open(&bytes)
                .is_whole(b"abcdef")
        );
    }
}

#[test]
fn a_missing_or_cut_signature_is_refused() {
    for suite in SIGNED {
        let message = message(suite);
        let bytes = message.bytes();
        let body_end = message.header().len() + message.body().len();
        for len in body_end..bytes.len() {
            let opened = Reading::any(&message.data_key).open(&bytes[..len]);
            assert_eq!(opened.refused(b"abcdef"), DecryptError::Truncated);
        }
        let empty = [&bytes[..body_end], &[0, 0]].concat();
        let refused = Reading::any(&message.data_key)
            .open(&empty)
            .refused(b"abcdef");
        assert_eq!(refused, DecryptError::Unauthentic);
    }
}

#[test]
fn bytes_after_the_signature_are_refused() {
    for suite in SIGNED {
        let message = message(suite);
        let bytes = message.bytes();
        let footer = &bytes[message.header().len() + message.body().len()..];
        for more in [&[0][..], footer, &bytes] {
            let longer = [&bytes, more].concat();
            let refused = Reading::any(&message.data_key)
                .open(&longer)
                .refused(b"abcdef");
            let expected = DecryptError::Malformed {
                field: Field::AfterTheEnd,
                at: bytes.len() as u64,
            };
            assert_eq!(refused, expected);
        }
    }
}

#[test]
fn a_header_whose_public_key_does_not_suit_its_suite_is_refused() {
    let right = message(0x0378);
    let of_p256 = public_key_of(&message(0x0214));
    let of_p384 = public_key_of(&right);
    let not_compressed = of_p384.replacen("A", "B", 1);
    for (suite, public_key) in [
        (0x0378, of_p256.as_str()),
        (0x0214, &of_p384),
        (0x0378, &not_compressed),
        (0x0378, "not base64!"),
        (0x0378, "Ag=="),
        // These suites have no signature, so the pair must be absent.
        (0x0178, &of_p384),
        (0x0478, &of_p384),
    ] {
        let mut message = message(suite);
        message.public_key = Some(public_key.to_owned());
        let refused = Reading::any(&message.data_key)
            .open(&message.bytes())
            .refused(b"");
        let field = Field::PublicKey;
        let at = if suite < 0x0400 { 20 } else { 35 };
        assert_eq!(
            refused,
            DecryptError::Malformed { field, at },
            "{public_key}"
        );
    }
    // A signed suite without the pair is refused as well.
    let mut unsigned = message(0x0178).bytes();
    unsigned[2..4].copy_from_slice(&0x0378_u16.to_be_bytes());
    let refused = Header::parse(&unsigned, &Limits::GENERAL).unwrap_err();
    let field = Field::PublicKey;
    assert_eq!(refused, DecryptError::Malformed { field, at: 20 });
}

#[test]
fn a_point_that_is_not_on_the_curve_checks_nothing() {
    let mut message = message(0x0378);
    // A value that is not the coordinate of a point is refused. Any other one is a key that nobody has.
    for x in 0..4 {
        let mut point = [0; 49];
        (point[0], point[48]) = (2, x);
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, point);
        message.public_key = Some(encoded);
        let opened = Reading::any(&message.data_key).open(&message.bytes());
        assert_eq!(opened.refused(b"abcdef"), DecryptError::Unauthentic);
    }
}

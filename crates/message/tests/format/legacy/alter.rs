//! Tests, for every suite, that no bit of a message can be changed or left out, and that the cuts between
//! pieces change nothing.

use proptest::prelude::*;
use sealift_message::general::{AnyDataKey, Header, Opener};
use sealift_message::{DecryptError, EncryptionContext, Limits};

use super::writer::Message;
use super::{ANY, Reading, SUITES, push};

fn messages(suite: u16) -> [Message; 2] {
    [
        Message::framed(suite, 16, &[&[0xA1; 16], &[0xB2; 16], b"the end"]),
        Message::unframed(suite, &[0xC3; 40]),
    ]
}

#[test]
fn every_flipped_bit_is_refused() {
    for (suite, _) in SUITES {
        for message in messages(suite) {
            let plaintext = message.plaintext();
            let reading = Reading::any(&message.data_key);
            let mut bytes = message.bytes();
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    bytes[at] ^= 1 << bit;
                    reading.open(&bytes).refused(&plaintext);
                    bytes[at] ^= 1 << bit;
                }
            }
            assert!(reading.open(&bytes).is_whole(&plaintext), "{suite:#06x}");
        }
    }
}

#[test]
fn every_cut_is_refused() {
    for (suite, _) in SUITES {
        for message in messages(suite) {
            let (bytes, plaintext) = (message.bytes(), message.plaintext());
            for len in 0..bytes.len() {
                let opened = Reading::any(&message.data_key).open(&bytes[..len]);
                assert_eq!(opened.refused(&plaintext), DecryptError::Truncated);
            }
        }
    }
}

#[test]
fn two_pieces_give_the_same_wherever_they_meet() {
    for (suite, _) in SUITES {
        for message in messages(suite) {
            let bytes = message.bytes();
            let reading = Reading::any(&message.data_key);
            for at in 0..=bytes.len() {
                let (first, second) = bytes.split_at(at);
                let opened = reading.open_pieces(&[first, second]);
                assert!(opened.is_whole(&message.plaintext()), "{suite:#06x}, {at}");
            }
            let singly: Vec<&[u8]> = bytes.chunks(1).collect();
            assert!(reading.open_pieces(&singly).is_whole(&message.plaintext()));
        }
    }
}

fn opener(message: &Message) -> Opener {
    let (header, _) = Header::parse(&message.bytes(), &Limits::GENERAL).unwrap();
    let key = AnyDataKey::try_from(message.data_key.as_slice()).unwrap();
    let verified = header.verify(&ANY, &key, &EncryptionContext::default());
    verified.unwrap().opener(&Limits::GENERAL)
}

/// A caller who goes on after an error gets nothing more, and no proof of an end.
#[test]
fn a_broken_opener_stays_broken() {
    for (suite, _) in SUITES {
        for message in messages(suite) {
            let bytes = message.bytes();
            let body = &bytes[message.header().len()..];
            let mut altered = body.to_vec();
            altered[message.body().len() - 1] ^= 1;
            let longer = [body, b"x"].concat();
            for wrong in [altered, longer] {
                let mut opener = opener(&message);
                let mut before = Vec::new();
                let error = push(&mut opener, &wrong, &mut before).unwrap_err();
                let mut after = Vec::new();
                assert_eq!(push(&mut opener, body, &mut after), Err(error));
                assert!(after.is_empty());
                let finished = match opener {
                    Opener::Unsigned(opener) => opener.finish(),
                    Opener::Signed(opener) => opener.finish(),
                };
                assert_eq!(finished.map(drop), Err(error), "{suite:#06x}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_pieces_give_the_same_and_junk_among_them_does_not(
        which in 0..SUITES.len(),
        is_framed: bool,
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        junk in prop::collection::vec(any::<u8>(), 1..40),
        junk_at: prop::sample::Index,
    ) {
        let message = &messages(SUITES[which].0)[usize::from(is_framed)];
        let bytes = message.bytes();
        let reading = Reading::any(&message.data_key);
        let mut altered = bytes.clone();
        let at = junk_at.index(bytes.len() + 1);
        altered.splice(at..at, junk);
        for (bytes, is_right) in [(&bytes, true), (&altered, false)] {
            let mut rest = &bytes[..];
            let mut pieces = Vec::new();
            while let Some(cut) = cuts.pop() {
                let (piece, later) = rest.split_at(cut.index(rest.len() + 1));
                pieces.push(piece);
                rest = later;
            }
            pieces.push(rest);
            let opened = reading.open_pieces(&pieces);
            prop_assert!(message.plaintext().starts_with(&opened.released));
            prop_assert_eq!(opened.result.is_ok(), is_right);
        }
    }
}

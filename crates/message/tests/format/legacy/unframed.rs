//! Tests a body in one piece: it is held up to a limit, refused as soon as it claims more, and released only
//! by its tag.

use sealift_message::{DecryptError, Field, Limits, Unsupported};

use super::writer::Message;
use super::{Reading, SUITES};

fn over(got: u64, most: u64) -> DecryptError {
    let field = Field::UnframedBody;
    Unsupported::OverLimit { field, got, most }.into()
}

#[test]
fn nothing_is_released_before_the_last_byte() {
    for (suite, _) in SUITES {
        let message = Message::unframed(suite, &[0x5A; 5000]);
        let bytes = [message.header(), message.body()].concat();
        let mut pieces: Vec<&[u8]> = bytes.chunks(700).collect();
        let cut = pieces.pop().map(|last| &last[..last.len() - 1]).unwrap();
        pieces.push(cut);
        let opened = Reading::any(&message.data_key).open_pieces(&pieces);
        assert!(opened.released.is_empty());
        assert_eq!(opened.refused(b""), DecryptError::Truncated);
    }
}

#[test]
fn an_altered_byte_releases_nothing() {
    let message = Message::unframed(0x0178, &[0x5A; 5000]);
    let len = message.bytes().len();
    for at in [message.header().len(), len - 5000, len - 1] {
        let mut bytes = message.bytes();
        bytes[at] ^= 4;
        let opened = Reading::any(&message.data_key).open(&bytes);
        assert!(opened.released.is_empty());
        assert_eq!(opened.refused(b""), DecryptError::Unauthentic);
    }
}

#[test]
fn a_claim_over_the_limit_is_refused_before_any_of_the_body_is_kept() {
    let message = Message::unframed(0x0178, b"abc");
    let mut prefix = [message.header(), message.body()[..20].to_vec()].concat();
    let at = prefix.len() - 8;
    for claim in [64 * 1024 * 1024 + 1, u64::MAX] {
        prefix[at..].copy_from_slice(&claim.to_be_bytes());
        let opened = Reading::any(&message.data_key).open(&prefix);
        assert_eq!(opened.refused(b""), over(claim, 64 * 1024 * 1024));
    }
    // A claim within the limit allocates nothing either; the bytes just never come.
    prefix[at..].copy_from_slice(&(64_u64 * 1024 * 1024).to_be_bytes());
    let opened = Reading::any(&message.data_key).open(&prefix);
    assert_eq!(opened.refused(b""), DecryptError::Truncated);
}

#[test]
fn the_limit_is_that_of_the_reader() {
    let message = Message::unframed(0x0478, &[1; 1000]);
    let mut reading = Reading::any(&message.data_key);
    reading.limits = Limits::GENERAL.with_unframed_bytes(999);
    let opened = reading.open(&message.bytes());
    assert_eq!(opened.refused(b""), over(1000, 999));
    reading.limits = Limits::GENERAL.with_unframed_bytes(1000);
    assert!(reading.open(&message.bytes()).is_whole(&[1; 1000]));
}

#[test]
fn a_frame_length_without_frames_is_refused() {
    for (suite, len) in [(0x0178, 28), (0x0478, 48)] {
        let message = Message::unframed(suite, b"abc");
        let mut bytes = message.bytes();
        let at = message.header().len() - len - 4;
        bytes[at + 3] = 1;
        let refused = Reading::any(&message.data_key).open(&bytes).refused(b"");
        let field = Field::FrameLength;
        let at = at as u64;
        assert_eq!(refused, DecryptError::Malformed { field, at });
    }
}

#[test]
fn bytes_after_the_piece_are_refused() {
    let message = Message::unframed(0x0478, b"abc");
    let bytes = message.bytes();
    for more in [&[0][..], &message.body()] {
        let longer = [&bytes, more].concat();
        let opened = Reading::any(&message.data_key).open(&longer);
        let expected = DecryptError::Malformed {
            field: Field::AfterTheEnd,
            at: bytes.len() as u64,
        };
        assert_eq!(opened.refused(b"abc"), expected);
    }
}

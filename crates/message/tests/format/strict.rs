//! Tests that the strict reader refuses messages that the general one accepts: our own objects are as we
//! write them, and header and size are those of the record.

use sealift_message::{DecryptError, Decryptor, Field, Header, Limits, StoredHeader, Unsupported};

use crate::foreign::{Foreign, encrypted_data_key, iv};
use crate::sample::{F, Sample, data_key, open_general, open_general_with, plaintext, push_all};

/// Uses the general reader's header, so that only the strictness of the body is tested.
fn open_body_strictly(foreign: &Foreign, sealed_len: u64) -> Result<Vec<u8>, DecryptError> {
    let message = foreign.bytes();
    let (header, len) = Header::parse(&message, &Limits::GENERAL).unwrap();
    let decryptor = || Decryptor::own(header.verify(&data_key()).unwrap(), sealed_len);
    let mut out = Vec::new();
    let result = push_all(decryptor()?, &message[len..], &mut out);
    assert!(foreign.plaintext().starts_with(&out));

    // Frames that arrive in pieces get the same answer.
    let mut in_pieces = Vec::new();
    let mut cutter = decryptor()?;
    let pushed = message[len..]
        .chunks(1000)
        .try_for_each(|piece| cutter.push(piece, &mut in_pieces));
    let again = pushed.and_then(|()| cutter.finish()).map(drop);
    assert_eq!((again, &in_pieces), (result, &out));
    result.map(|()| out)
}

fn malformed(field: Field, at: u64) -> DecryptError {
    DecryptError::Malformed { field, at }
}

#[test]
fn an_iv_that_is_not_the_sequence_number_is_refused() {
    let frame = plaintext(F);
    for (index, its_iv) in [(0, iv(2)), (0, [9; 12]), (1, iv(1)), (1, iv(0x0200_0000))] {
        let mut foreign = Foreign::new(F as u32, &[&frame, b"end"]);
        foreign.frames[index].iv = its_iv;
        let message = foreign.bytes();
        assert!(open_general(&message).is_whole(&foreign.plaintext()));
        let frame_at = foreign.header_bytes().len() as u64 + index as u64 * (F + 32);
        let refused = open_body_strictly(&foreign, message.len() as u64);
        assert_eq!(refused, Err(malformed(Field::FramePrefix, frame_at)));
    }
}

#[test]
fn a_full_final_frame_of_another_writer_is_refused_by_the_size() {
    let frame = plaintext(F);
    for frames in [&[&frame[..]][..], &[&frame, &frame], &[&frame[..]; 5]] {
        let foreign = Foreign::new(F as u32, frames);
        let message = foreign.bytes();
        assert!(open_general(&message).is_whole(&foreign.plaintext()));
        let sealed_len = message.len() as u64;
        let refused = open_body_strictly(&foreign, sealed_len);
        assert_eq!(refused, Err(DecryptError::SealedLen { sealed_len }));

        // At the size of our own object, whose final frame is empty, the full final frame is not the regular
        // one that is expected.
        let (ours, last) = (sealed_len + 32, frames.len() as u64 - 1);
        let last_at = foreign.header_bytes().len() as u64 + last * (F + 32);
        let refused = open_body_strictly(&foreign, ours);
        assert_eq!(refused, Err(malformed(Field::FramePrefix, last_at)));
    }
}

#[test]
fn an_empty_final_frame_after_full_ones_is_ours() {
    let frame = plaintext(F);
    for frames in [&[&[][..]][..], &[&frame, &[]], &[&frame, &frame, &[]]] {
        let foreign = Foreign::new(F as u32, frames);
        let sealed_len = foreign.bytes().len() as u64;
        assert_eq!(
            open_body_strictly(&foreign, sealed_len),
            Ok(foreign.plaintext())
        );
        let refused = open_body_strictly(&foreign, sealed_len + 1);
        assert_eq!(refused, Err(DecryptError::Truncated), "it lacks a byte");
    }
}

#[test]
fn the_final_flag_must_be_on_exactly_the_last_frame() {
    // Two frames are read with the size of three, and three with that of two.
    let (frame, end) = (plaintext(F), plaintext(F - 1));
    let header_len = Foreign::new(F as u32, &[]).header_bytes().len() as u64;
    let size_of = |frames: u64| header_len + frames * (F + 32) + 8 - 1;
    let two = Foreign::new(F as u32, &[&frame, &end]);
    let refused = open_body_strictly(&two, size_of(3));
    let second = header_len + F + 32;
    assert_eq!(refused, Err(malformed(Field::FramePrefix, second)));
    let three = Foreign::new(F as u32, &[&frame, &frame, &end]);
    let refused = open_body_strictly(&three, size_of(2));
    assert_eq!(refused, Err(malformed(Field::FramePrefix, second)));
    assert!(open_body_strictly(&three, size_of(3)).is_ok());
}

#[test]
fn a_final_frame_of_another_length_than_recorded_is_refused() {
    let foreign = Foreign::new(F as u32, &[b"0123456789"]);
    let sealed_len = foreign.bytes().len() as u64;
    assert!(open_body_strictly(&foreign, sealed_len).is_ok());
    for other in [sealed_len - 1, sealed_len + 1] {
        assert!(open_body_strictly(&foreign, other).is_err());
    }
}

#[test]
fn headers_that_others_write_are_refused_as_ours() {
    let mut two_keys = Foreign::new(F as u32, &[b"x"]);
    two_keys.data_key_count = 2;
    two_keys.data_keys = encrypted_data_key(8).repeat(2);
    let short_frames = Foreign::new(128, &[b"x"]);
    let raised = Limits::GENERAL.with_data_keys(2);
    for (foreign, expected) in [
        (
            two_keys,
            Unsupported::OverLimit {
                field: Field::EncryptedDataKeys,
                got: 2,
                most: 1,
            },
        ),
        (short_frames, Unsupported::FrameLength(128)),
    ] {
        let opened = open_general_with(&foreign.bytes(), &raised, &data_key());
        assert!(opened.is_whole(b"x"));
        let header = foreign.header_bytes();
        assert_eq!(Header::parse_own(&header), Err(expected.into()));
        assert_eq!(StoredHeader::new(&header), Err(expected.into()));
    }
}

#[test]
fn another_version_suite_or_content_type_is_refused_by_everybody() {
    let whole = || Foreign::new(F as u32, &[b"x"]);
    let mut version = whole();
    version.version = 1;
    let refused = open_general(&version.bytes()).refused(b"");
    assert_eq!(refused, Unsupported::Version(1).into());
    for suite in [0x0578, 0x0378, 0x0178, 0x0014, 0] {
        let mut other = whole();
        other.suite = suite;
        let refused = open_general(&other.bytes()).refused(b"");
        assert_eq!(refused, Unsupported::Suite(suite).into());
    }
    for content_type in [0, 1, 3] {
        let mut other = whole();
        other.content_type = content_type;
        let refused = open_general(&other.bytes()).refused(b"");
        assert_eq!(refused, Unsupported::ContentType(content_type).into());
    }
}

#[test]
fn a_stored_header_is_all_there_is() {
    let sample = Sample::of_len(1);
    let refused = Header::parse_own(&sample.object);
    let expected = malformed(Field::AfterTheEnd, sample.header.len());
    assert_eq!(refused, Err(expected));
}

#[test]
fn a_message_of_ours_with_another_header_is_refused_before_its_body() {
    let sample = Sample::of_len(F + 1);
    let other = Sample::new(sample.plaintext.clone(), F as u32, [8; 32]);
    assert!(open_general(&other.object).is_whole(&sample.plaintext));
    let opened = sample.open_own(&other.object);
    assert!(opened.released.is_empty());
    let refused = opened.refused(&sample.plaintext);
    assert_eq!(refused, DecryptError::Unauthentic);
}

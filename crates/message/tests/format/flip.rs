//! Tests that no bit of a message can be changed: everything that is released before the refusal is the
//! plaintext.

use sealift_message::{DecryptError, Decryptor, Header, StoredHeader};

use crate::sample::{F, Sample, content_key, data_key, open_general, push_all};

const BITS: [u8; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

#[test]
fn every_flipped_bit_is_refused() {
    let sample = Sample::of_len(F + 100);
    let mut object = sample.object.clone();
    for at in 0..object.len() {
        for bit in BITS {
            object[at] ^= bit;
            open_general(&object).refused(&sample.plaintext);
            sample.open_own(&object).refused(&sample.plaintext);
            object[at] ^= bit;
        }
    }
    assert!(sample.open_own(&object).is_whole(&sample.plaintext));
}

#[test]
fn every_flipped_bit_of_an_empty_final_frame_is_refused() {
    for len in [0, F, 2 * F] {
        let sample = Sample::of_len(len);
        let mut object = sample.object.clone();
        for at in object.len() - 40..object.len() {
            for bit in BITS {
                object[at] ^= bit;
                open_general(&object).refused(&sample.plaintext);
                sample.open_own(&object).refused(&sample.plaintext);
                object[at] ^= bit;
            }
        }
        assert!(sample.open_own(&object).is_whole(&sample.plaintext));
    }
}

#[test]
fn every_flipped_bit_of_the_header_is_refused_by_either_key() {
    let sample = Sample::of_len(1);
    let content_key = content_key(&sample.header);
    let mut bytes = sample.header.as_bytes().to_vec();
    for at in 0..bytes.len() {
        for bit in BITS {
            bytes[at] ^= bit;
            let by_data_key =
                Header::parse_own(&bytes).and_then(|header| header.verify(&data_key()));
            assert!(by_data_key.is_err(), "byte {at}, bit {bit:#04x}");
            let by_content_key =
                StoredHeader::new(&bytes).and_then(|stored| stored.verify(&content_key));
            // A reader with only the content key cannot compare the commitment with a data key. The tag
            // covers the commitment's bytes instead.
            assert!(by_content_key.is_err(), "byte {at}, bit {bit:#04x}");
            bytes[at] ^= bit;
        }
    }
}

#[test]
fn an_altered_byte_of_the_body_does_not_authenticate_and_nothing_of_its_frame_is_released() {
    let sample = Sample::of_len(2 * F - 1);
    // The bytes to alter: the first ciphertext byte and the last byte of the tag, in both frames.
    let second = sample.header_len() + F as usize + 32;
    for (at, released) in [
        (sample.header_len() + 16, 0),
        (second - 1, 0),
        (second + 24, F),
        (sample.object.len() - 1, F),
    ] {
        let mut object = sample.object.clone();
        object[at] ^= 0x40;
        for opened in [open_general(&object), sample.open_own(&object)] {
            assert_eq!(opened.released.len() as u64, released);
            let refused = opened.refused(&sample.plaintext);
            assert_eq!(refused, DecryptError::Unauthentic);
        }
    }
}

#[test]
fn a_broken_reader_stays_broken() {
    let sample = Sample::of_len(F + 1);
    let body = &sample.object[sample.header_len()..];
    let mut altered = body.to_vec();
    altered[20] ^= 1;
    for is_own in [true, false] {
        let verified = sample.header.verify(&data_key()).unwrap();
        let mut decryptor = if is_own {
            Decryptor::own(verified, sample.sealed_len()).unwrap()
        } else {
            Decryptor::general(verified)
        };
        let mut out = Vec::new();
        let refused = Err(DecryptError::Unauthentic);
        assert_eq!(decryptor.push(&altered, &mut out), refused);
        assert_eq!(decryptor.push(body, &mut out), refused);
        assert!(out.is_empty());
        assert_eq!(decryptor.finish(), Err(DecryptError::Unauthentic));
    }
}

#[test]
fn frames_of_another_message_are_refused() {
    let sample = Sample::of_len(F + 1);
    let other = Sample::new(sample.plaintext.clone(), F as u32, [8; 32]);
    let verified = sample.header.verify(&data_key()).unwrap();
    let decryptor = Decryptor::own(verified, sample.sealed_len()).unwrap();
    let mut out = Vec::new();
    let refused = push_all(decryptor, &other.object[other.header_len()..], &mut out);
    assert_eq!(refused, Err(DecryptError::Unauthentic));
    assert!(out.is_empty());
}

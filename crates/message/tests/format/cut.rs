//! Tests that a message that ends too early or goes on is refused, wherever that happens.

use sealift_message::{DecryptError, Field, StoredHeader};

use crate::sample::{F, Sample, open_general};

#[test]
fn every_cut_is_refused() {
    let sample = Sample::of_len(F + 100);
    for len in 0..sample.object.len() {
        let cut = &sample.object[..len];
        let general = open_general(cut).refused(&sample.plaintext);
        assert_eq!(general, DecryptError::Truncated, "at {len}");
        let own = sample.open_own(cut).refused(&sample.plaintext);
        assert_eq!(own, DecryptError::Truncated, "strictly, at {len}");
    }
}

#[test]
fn a_cut_at_a_frame_edge_is_refused_although_every_frame_is_right() {
    for len in [2 * F, 2 * F + 1] {
        let sample = Sample::of_len(len);
        let edge = sample.header_len() + F as usize + 32;
        let cut = &sample.object[..edge];
        let general = open_general(cut);
        assert_eq!(general.released.len() as u64, F);
        assert_eq!(general.refused(&sample.plaintext), DecryptError::Truncated);
        let own = sample.open_own(cut).refused(&sample.plaintext);
        assert_eq!(own, DecryptError::Truncated);
    }
}

#[test]
fn every_cut_of_the_stored_header_is_refused() {
    let header = Sample::of_len(0).header;
    for len in 0..header.as_bytes().len() {
        let cut = &header.as_bytes()[..len];
        assert_eq!(StoredHeader::new(cut), Err(DecryptError::Truncated));
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    for len in [0, 1, F, F + 1] {
        let sample = Sample::of_len(len);
        let whole_again = &sample.object[sample.header_len()..];
        for more in [&[0], &[0xFF; 40][..], whole_again] {
            let longer = [&sample.object, more].concat();
            for opened in [open_general(&longer), sample.open_own(&longer)] {
                let expected = DecryptError::Malformed {
                    field: Field::AfterTheEnd,
                    at: sample.sealed_len(),
                };
                assert_eq!(opened.refused(&sample.plaintext), expected);
            }
        }
    }
}

//! Tests that the cuts between the pieces of the input change nothing.

use proptest::prelude::*;
use sealift_message::{Decryptor, HeaderRead, HeaderReader, Limits};

use crate::sample::{F, Sample, any_len, data_key};

/// Returns the plaintext when `object`, header included, arrives in these pieces.
fn opened(sample: &Sample, pieces: &[&[u8]], is_own: bool) -> Vec<u8> {
    let mut pieces = pieces.iter();
    let mut reader = HeaderReader::new(Limits::GENERAL);
    let (header, body) = loop {
        match reader.push(pieces.next().unwrap()).unwrap() {
            HeaderRead::More(more) => reader = more,
            HeaderRead::Done { header, body } => break (header, body),
        }
    };
    assert_eq!(header, sample.header);
    let verified = header.verify(&data_key()).unwrap();
    let mut decryptor = if is_own {
        Decryptor::own(verified, sample.sealed_len()).unwrap()
    } else {
        Decryptor::general(verified)
    };
    let mut out = Vec::new();
    decryptor.push(&body, &mut out).unwrap();
    for piece in pieces {
        decryptor.push(piece, &mut out).unwrap();
    }
    assert_eq!(decryptor.finish().unwrap().plaintext_len, out.len() as u64);
    out
}

#[test]
fn bytes_one_by_one_give_the_same() {
    for len in [0, 1, 2 * F, 2 * F + 7] {
        let sample = Sample::of_len(len);
        let pieces: Vec<&[u8]> = sample.object.chunks(1).collect();
        for is_own in [true, false] {
            assert_eq!(opened(&sample, &pieces, is_own), sample.plaintext);
        }
    }
}

#[test]
fn two_pieces_give_the_same_wherever_they_meet() {
    let sample = Sample::of_len(F + 9);
    for at in 0..=sample.object.len() {
        let (first, second) = sample.object.split_at(at);
        for is_own in [true, false] {
            assert_eq!(opened(&sample, &[first, second], is_own), sample.plaintext);
        }
    }
}

proptest! {
    #[test]
    fn any_pieces_give_the_same(
        len in any_len(5),
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        is_own: bool,
    ) {
        let sample = Sample::of_len(len);
        let mut rest = &sample.object[..];
        let mut pieces = Vec::new();
        while let Some(cut) = cuts.pop() {
            let (piece, later) = rest.split_at(cut.index(rest.len() + 1));
            pieces.push(piece);
            rest = later;
        }
        pieces.push(rest);
        prop_assert_eq!(opened(&sample, &pieces, is_own), sample.plaintext);
    }

    #[test]
    fn any_pieces_of_a_range_give_the_same(
        start in 0..4 * F,
        len in 1..2 * F,
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let sample = Sample::of_len(6 * F + 3);
        let mut opener = sample.range_decryptor().plan(start..start + len).unwrap();
        let fetched = opener.sealed_range();
        let mut rest = &sample.object[fetched.start as usize..fetched.end as usize];
        let mut out = Vec::new();
        while let Some(cut) = cuts.pop() {
            let (piece, later) = rest.split_at(cut.index(rest.len() + 1));
            opener.push(piece, &mut out).unwrap();
            rest = later;
        }
        opener.push(rest, &mut out).unwrap();
        opener.finish().unwrap();
        prop_assert_eq!(&out[..], &sample.plaintext[start as usize..(start + len) as usize]);
    }
}

//! Tests that sealed messages open again, however the frames were grouped and in whatever order they were
//! sealed.

use proptest::prelude::*;
use sealift_message::{DecryptError, Decryptor, SealError, StoredHeader};

use crate::sample::{
    F, Sample, any_len, content_key, data_key, header, open_general, plaintext, push_all, sealed,
    sealer,
};

#[test]
fn every_size_near_a_frame_edge_opens() {
    let edges = [0, 1, 2, F - 1, F, F + 1, 2 * F - 1, 2 * F, 2 * F + 1, 5 * F];
    for len in edges {
        let sample = Sample::of_len(len);
        let own = sample.open_own(&sample.object);
        assert!(own.is_whole(&sample.plaintext), "strictly, {len} bytes");
        let general = open_general(&sample.object);
        assert!(general.is_whole(&sample.plaintext), "{len} bytes");
    }
}

#[test]
fn the_content_key_alone_seals_and_opens() {
    let sample = Sample::of_len(3 * F + 5);
    let stored = StoredHeader::new(sample.header.as_bytes()).unwrap();
    let verified = stored.verify(&content_key(&sample.header)).unwrap();
    let mut opened = Vec::new();
    let decryptor = Decryptor::own(verified, sample.sealed_len()).unwrap();
    let body = &sample.object[sample.header_len()..];
    push_all(decryptor, body, &mut opened).unwrap();
    assert_eq!(opened, sample.plaintext);
}

#[test]
fn another_content_key_does_not_verify_the_stored_header() {
    let stored = StoredHeader::new(header(4096, [1; 32]).as_bytes()).unwrap();
    let of_another_message = content_key(&header(4096, [2; 32]));
    let refused = stored.verify(&of_another_message).unwrap_err();
    assert_eq!(refused, DecryptError::Unauthentic);
}

#[test]
fn plaintext_of_another_length_is_not_sealed() {
    let header = header(4096, [1; 32]);
    let sealer = sealer(&header, F + 10);
    let mut frame = vec![0; F as usize + 32];
    for len in [0, F - 1, F + 1] {
        let refused = sealer
            .seal_frame(0, &plaintext(len), &mut frame)
            .unwrap_err();
        let expected = SealError::PlaintextLen {
            got_bytes: len,
            expected_bytes: F,
        };
        assert_eq!(refused, expected);
    }
    let refused = sealer.seal_frame(0, &plaintext(F), &mut frame[1..]);
    assert!(matches!(refused, Err(SealError::OutputLen { .. })));
    let refused = sealer.seal_frame(2, &[], &mut []);
    assert!(matches!(refused, Err(SealError::NoSuchFrame { .. })));
    for frames in [0..0, 1..3, 2..3] {
        let refused = sealer.seal_part(frames, &[], &mut []);
        assert!(matches!(refused, Err(SealError::NoSuchFrame { .. })));
    }
    assert!(frame.iter().all(|byte| *byte == 0), "nothing was written");
}

proptest! {
    #[test]
    fn parts_in_any_order_make_the_same_object(
        len in any_len(6),
        frame_length in prop::sample::select(vec![4096, 4224, 8192, 1 << 20]),
        frames_per_part in 1..4_u64,
        last_first: bool,
    ) {
        let header = header(frame_length, [9; 32]);
        let plaintext = plaintext(len);
        let sealer = sealer(&header, len);
        let layout = *sealer.layout();
        let mut object = vec![0; layout.sealed_len() as usize];
        let mut starts: Vec<u64> = (0..layout.frame_count()).step_by(frames_per_part as usize).collect();
        if last_first {
            starts.reverse();
        }
        for start in starts {
            let frames = start..layout.frame_count().min(start + frames_per_part);
            let held = layout.plaintext_range_of(&frames).unwrap();
            let part = sealer.part_range_of(&frames).unwrap();
            let out = &mut object[part.start as usize..part.end as usize];
            sealer.seal_part(frames, &plaintext[held.start as usize..held.end as usize], out).unwrap();
        }
        prop_assert_eq!(&object, &sealed(&header, &plaintext));
        prop_assert!(open_general(&object).is_whole(&plaintext));
    }

    #[test]
    fn any_bytes_come_back(
        plaintext in prop::collection::vec(any::<u8>(), 0..10_000),
        message_id: [u8; 32],
    ) {
        let sample = Sample::new(plaintext, 4096, message_id);
        prop_assert!(sample.open_own(&sample.object).is_whole(&sample.plaintext));
        prop_assert!(open_general(&sample.object).is_whole(&sample.plaintext));
    }

    #[test]
    fn a_frame_alone_is_the_frame_of_the_part(index in 0..4_u64) {
        let sample = Sample::of_len(3 * F + 17);
        let sealer = sealer(&sample.header, sample.plaintext.len() as u64);
        let one = index..index + 1;
        let held = sealer.layout().plaintext_range_of(&one).unwrap();
        let place = sealer.layout().sealed_range_of(&one).unwrap();
        let mut frame = vec![0; (place.end - place.start) as usize];
        sealer
            .seal_frame(index, &sample.plaintext[held.start as usize..held.end as usize], &mut frame)
            .unwrap();
        prop_assert_eq!(&frame[..], &sample.object[place.start as usize..place.end as usize]);
    }
}

#[test]
fn a_verified_header_gives_the_content_key_that_is_derived() {
    let header = header(4096, [3; 32]);
    let verified = header.verify(&data_key()).unwrap();
    assert_eq!(
        verified.content_key().expose(),
        content_key(&header).expose()
    );
}

//! Tests that a stream of unknown length is sealed as the same message as if its length had been known.

use proptest::prelude::*;
use sealift_message::{SealError, StreamSealer};

use crate::sample::{F, any_len, data_key, header, plaintext, sealed};

fn stream_sealer() -> StreamSealer {
    let header = header(F as u32, [6; 32]);
    StreamSealer::new(header.verify(&data_key()).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn a_stream_is_sealed_as_if_its_length_had_been_known(len in any_len(5)) {
        let (header, plaintext) = (header(F as u32, [6; 32]), plaintext(len));
        let mut object = header.as_bytes().to_vec();
        let mut sealer = stream_sealer();
        let (full_frames, rest) = plaintext.as_chunks::<{ F as usize }>();
        for frame in full_frames {
            sealer.push(frame, &mut object).unwrap();
        }
        let layout = sealer.finish(rest, &mut object).unwrap();
        prop_assert_eq!(layout.plaintext_len(), len);
        prop_assert_eq!(layout.sealed_len(), object.len() as u64);
        prop_assert_eq!(object, sealed(&header, &plaintext));
    }
}

/// Otherwise one frame number could get two plaintexts.
#[test]
fn only_full_frames_are_regular_and_only_shorter_ones_are_final() {
    let mut sealer = stream_sealer();
    let mut out = b"before".to_vec();
    for len in [0, 1, F - 1, F + 1] {
        let refused = sealer.push(&plaintext(len), &mut out);
        let (got_bytes, expected_bytes) = (len, F);
        let expected = SealError::PlaintextLen {
            got_bytes,
            expected_bytes,
        };
        assert_eq!(refused, Err(expected));
    }
    for len in [F, F + 1, 3 * F] {
        let refused = stream_sealer().finish(&plaintext(len), &mut out);
        assert!(matches!(refused, Err(SealError::PlaintextLen { .. })));
    }
    assert_eq!(out, b"before", "nothing was written");
}

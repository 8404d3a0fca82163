//! Computes from a message's size how much plaintext it holds. Anyone who can change the size can change the answer;
//! only decryption proves it.

use sealift_message::suite::{FINAL_FRAME_OVERHEAD, REGULAR_FRAME_OVERHEAD};
use serde::Serialize;

/// The number of frames, the final one included, and the bytes of plaintext in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Sizes {
    pub(super) frame_count: u64,
    pub(super) plaintext_len: u64,
}

/// Returns the sizes of a framed body, or `None` if no message has a body of this size. Other writers may end a message
/// with a full final frame; ours is always shorter than a frame.
pub(super) fn framed(body_len: u64, frame_length: u32) -> Option<Sizes> {
    let frame_length = u64::from(frame_length);
    let sealed_frame = frame_length.checked_add(REGULAR_FRAME_OVERHEAD)?;
    // The final frame holds the rest, from nothing to a full frame.
    let before_final = body_len.checked_sub(FINAL_FRAME_OVERHEAD)?;
    let regular = before_final.checked_div(sealed_frame)?;
    let left = before_final.checked_rem(sealed_frame)?;
    if left > frame_length {
        return None;
    }
    Some(Sizes {
        frame_count: regular.checked_add(1)?,
        plaintext_len: regular.checked_mul(frame_length)?.checked_add(left)?,
    })
}

/// Returns the sizes of a body without frames, which is an IV, a length, the ciphertext and a tag.
pub(super) fn unframed(body_len: u64) -> Option<Sizes> {
    /// Bytes of the IV (12), the length (8) and the tag (16).
    const OVERHEAD: u64 = 36;
    Some(Sizes {
        frame_count: 1,
        plaintext_len: body_len.checked_sub(OVERHEAD)?,
    })
}

#[cfg(test)]
mod tests {
    use sealift_message::{FrameLength, Layout};

    use super::*;

    #[test]
    fn sizes_are_those_of_our_own_layout() {
        let frame_length = FrameLength::try_from(4096).unwrap();
        for plaintext_len in
            (0..3).flat_map(|full: u64| [4095, 4096, 4097].map(|p| full * 4096 + p))
        {
            let layout = Layout::new(92, frame_length, plaintext_len).unwrap();
            let sizes = framed(layout.sealed_len() - 92, 4096).unwrap();
            assert_eq!(sizes.plaintext_len, plaintext_len);
            assert_eq!(sizes.frame_count, layout.frame_count());
        }
    }

    #[test]
    fn a_full_final_frame_of_another_writer_counts() {
        let sizes = framed(2 * (4096 + 32) + 8, 4096);
        assert_eq!(sizes.unwrap().plaintext_len, 2 * 4096);
        assert_eq!(sizes.unwrap().frame_count, 2);
    }

    #[test]
    fn a_size_that_no_message_has_gives_nothing() {
        for body_len in [0, 39, 40 + 4097, 40 + 4127] {
            assert_eq!(framed(body_len, 4096), None, "{body_len}");
        }
        assert!(framed(40 + 4128, 4096).is_some());
        assert_eq!(unframed(35), None);
    }
}

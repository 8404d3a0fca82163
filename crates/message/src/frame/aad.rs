//! The additional authenticated data of a frame.

use super::Frame;
use crate::suite::{FINAL_FRAME_TEXT, MESSAGE_ID_LEN, REGULAR_FRAME_TEXT};
use crate::wire::Piece;

/// The length of the longest AAD: message id, the longer text, sequence number (u32), length (u64).
pub(crate) const MOST_LEN: usize = MESSAGE_ID_LEN + FINAL_FRAME_TEXT.len() + 4 + 8;

/// Builds the AAD. A message id has 32 bytes, or 16 in the older format.
pub(super) fn of(frame: &Frame, message_id: &[u8]) -> Piece<MOST_LEN> {
    let text = match frame {
        Frame::Regular { .. } => REGULAR_FRAME_TEXT,
        Frame::Final { .. } => FINAL_FRAME_TEXT,
    };
    Piece::of(&[
        message_id,
        text,
        &frame.sequence_number().get().to_be_bytes(),
        &u64::from(frame.plaintext_len()).to_be_bytes(),
    ])
}

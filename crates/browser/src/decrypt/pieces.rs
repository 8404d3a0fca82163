//! Divides an object into pieces: whole frames, a few megabytes, fetched and opened together.

use core::ops::Range;

use sealift_message::{FrameIndex, Layout};

use crate::failure::Fault;

/// The plaintext bytes of a piece, approximately: enough to be worth a request, and few enough to hold
/// several pieces in memory.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;

/// A range of frames, and where their bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The frames; at least one.
    pub frames: Range<FrameIndex>,
    /// Their bytes in the object. The first piece includes the header.
    pub sealed: Range<u64>,
    /// Their bytes in the file.
    pub plaintext: Range<u64>,
}

impl Piece {
    /// Returns the number of its bytes in the object.
    #[must_use]
    pub fn sealed_len(&self) -> u64 {
        self.sealed.end.saturating_sub(self.sealed.start)
    }

    /// Returns the number of its plaintext bytes.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        self.plaintext.end.saturating_sub(self.plaintext.start)
    }
}

/// Returns all pieces of an object in order. Together they cover all of it. An empty final frame joins the
/// piece before it, because it is not worth a request.
pub(super) fn of(layout: Layout) -> impl Iterator<Item = Result<Piece, Fault>> {
    let frame_length = u64::from(layout.frame_length().get());
    let step = PIECE_BYTES.checked_div(frame_length).unwrap_or(0).max(1);
    let mut next: FrameIndex = 0;
    core::iter::from_fn(move || {
        let frames = layout.group_of(next, step);
        next = frames.end;
        (!frames.is_empty()).then(|| piece(&layout, frames).ok_or(NO_SUCH_FRAME))
    })
}

fn piece(layout: &Layout, frames: Range<FrameIndex>) -> Option<Piece> {
    let mut sealed = layout.sealed_range_of(&frames)?;
    if frames.start == 0 {
        sealed.start = 0;
    }
    Some(Piece {
        plaintext: layout.plaintext_range_of(&frames)?,
        sealed,
        frames,
    })
}

pub(super) const NO_SUCH_FRAME: Fault = Fault::Answer("the object has no such frame");

#[cfg(test)]
mod tests {
    use sealift_message::FrameLength;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn pieces_are_all_of_the_object_and_little_at_a_time() {
        let frame_length = FrameLength::try_from(1024 * 1024).unwrap();
        for plaintext_len in [
            0,
            1,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            PIECE_BYTES + 1,
            50 << 30,
        ] {
            let layout = Layout::new(100, frame_length, plaintext_len).unwrap();
            let (mut sealed, mut plaintext) = (0, 0);
            for piece in of(layout) {
                let piece = piece.unwrap();
                assert_eq!(
                    (piece.sealed.start, piece.plaintext.start),
                    (sealed, plaintext)
                );
                assert!(piece.plaintext_len() <= PIECE_BYTES);
                assert!(piece.plaintext_len() > 0 || plaintext_len == 0);
                (sealed, plaintext) = (piece.sealed.end, piece.plaintext.end);
            }
            assert_eq!((sealed, plaintext), (layout.sealed_len(), plaintext_len));
        }
    }
}

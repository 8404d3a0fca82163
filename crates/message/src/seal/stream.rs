//! The write path of a message whose length is known only at its end. The writer never holds a frame back,
//! because a full frame is always a regular one and the final frame is always shorter.

use super::{FrameSealer, usize_of};
use crate::FrameIndex;
use crate::error::{LayoutError, SealError};
use crate::header::VerifiedHeader;
use crate::layout::Layout;
use crate::wire::len_of;

/// Seals the frames of one message, each once and in order. [`Self::finish`] seals the final frame; without
/// it the message has no end, and no reader accepts it.
#[derive(Debug)]
pub struct StreamSealer {
    /// The sealer has the layout of the longest message, because the length is not known yet.
    sealer: FrameSealer,
    next: FrameIndex,
}

impl StreamSealer {
    /// Makes a sealer for the message with this header.
    ///
    /// # Errors
    /// Returns a [`LayoutError`] if the format has no message with this header.
    pub fn new(verified: VerifiedHeader) -> Result<Self, LayoutError> {
        let most = Layout::most_plaintext_len(verified.header().frame_length());
        Ok(Self {
            sealer: FrameSealer::new(verified, most)?,
            next: 0,
        })
    }

    /// Seals the next full frame and appends its bytes to `out`. The header is not among them.
    ///
    /// # Errors
    /// Returns [`SealError::PlaintextLen`] unless `plaintext` fills the frame exactly, and
    /// [`SealError::NoSuchFrame`] after the most frames that a message can have. `out` stays as it was.
    pub fn push(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        let layout = *self.sealer.layout();
        // Only the longest message has a final frame with this number.
        if self.next.saturating_add(1) == layout.frame_count() {
            return Err(self.sealer.no_such_frame(layout.frame_count()));
        }
        self.append(plaintext, out)?;
        self.next = self.next.saturating_add(1);
        Ok(())
    }

    /// Seals `rest`, which is shorter than a frame and may be empty, as the final frame, and appends its
    /// bytes to `out`. Returns the layout of the whole message.
    ///
    /// # Errors
    /// Returns [`SealError::PlaintextLen`] if `rest` fills a frame. `out` stays as it was.
    pub fn finish(mut self, rest: &[u8], out: &mut Vec<u8>) -> Result<Layout, SealError> {
        let (len, frame_length) = (len_of(rest), self.sealer.layout.frame_length());
        if len >= u64::from(frame_length.get()) {
            return Err(SealError::PlaintextLen {
                got_bytes: len,
                expected_bytes: u64::from(frame_length.get()).saturating_sub(1),
            });
        }
        let plaintext_len = u64::from(frame_length.get())
            .saturating_mul(self.next)
            .saturating_add(len);
        let header_len = self.sealer.layout.header_len();
        self.sealer.layout = Layout::new(header_len, frame_length, plaintext_len)?;
        self.append(rest, out)?;
        Ok(self.sealer.layout)
    }

    fn append(&self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        let frame = self.sealer.layout.frame(self.next);
        let sealed_len = frame.map_or(0, |frame| frame.sealed_len());
        let start = out.len();
        out.resize(start.saturating_add(usize_of(sealed_len)), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        let sealed = self.sealer.seal_frame(self.next, plaintext, room);
        if sealed.is_err() {
            out.truncate(start);
        }
        sealed
    }
}

//! Collects a frame of known length that arrives in pieces.

use crate::error::DecryptError;
use crate::frame::Frame;
use crate::open::FrameOpener;
use crate::suite::TAG_LEN;

/// The bytes of one frame. The ciphertext has its own buffer, so that it is opened in place and handed on as
/// it is: the bytes of a stream are copied once.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    prefix: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl Gathered {
    pub(super) fn is_empty(&self) -> bool {
        self.prefix.is_empty()
    }

    /// Takes the missing bytes from `input`. Returns whether the frame is complete.
    pub(super) fn fill(&mut self, input: &mut &[u8], frame: &Frame) -> bool {
        let holds = usize::try_from(frame.plaintext_len()).unwrap_or(usize::MAX);
        fill(&mut self.prefix, frame.prefix().len(), input)
            && fill(&mut self.ciphertext, holds, input)
            && fill(&mut self.tag, TAG_LEN, input)
    }

    /// Opens the complete frame, which begins at offset `at`, and appends its plaintext to `out`. Appends
    /// nothing if the frame does not authenticate. The buffers are empty afterwards.
    pub(super) fn open_onto(
        &mut self,
        opener: &FrameOpener,
        frame: &Frame,
        at: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        frame.expect_prefix(&self.prefix, at)?;
        let tag = self.tag.first_chunk().ok_or(DecryptError::Truncated)?;
        opener.open_in_place(frame, &frame.iv(), tag, &mut self.ciphertext)?;
        if out.is_empty() {
            core::mem::swap(out, &mut self.ciphertext);
        } else {
            out.extend_from_slice(&self.ciphertext);
        }
        self.prefix.clear();
        self.ciphertext.clear();
        self.tag.clear();
        Ok(())
    }
}

/// Moves bytes from `input` to `part` until it has `len` bytes. Room for all of them is reserved at once,
/// because the lengths come from the record and no frame of ours has more than 1 MiB.
fn fill(part: &mut Vec<u8>, len: usize, input: &mut &[u8]) -> bool {
    let missing = len.saturating_sub(part.len());
    let (now, later) = input.split_at(missing.min(input.len()));
    part.reserve_exact(missing);
    part.extend_from_slice(now);
    *input = later;
    part.len() == len
}

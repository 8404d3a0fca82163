//! The write path. Plaintext of whole frames goes in, bytes of the object come out, in any order.

mod stream;

use core::ops::Range;

pub use stream::StreamSealer;

use crate::FrameIndex;
use crate::aead::Cipher;
use crate::error::{LayoutError, SealError};
use crate::frame::Frame;
use crate::header::{Header, VerifiedHeader};
use crate::layout::Layout;
use crate::wire::len_of;

/// Seals the frames of one message, each as often as needed and in any order, so that an upload can resume.
/// The same frame must always get the same plaintext (R2): a changed file needs a new message id.
#[derive(Debug)]
pub struct FrameSealer {
    header: Header,
    layout: Layout,
    cipher: Cipher,
}

impl FrameSealer {
    /// Makes a sealer for a message of `plaintext_len` bytes.
    ///
    /// # Errors
    /// Returns a [`LayoutError`] if the format has no such message.
    pub fn new(verified: VerifiedHeader, plaintext_len: u64) -> Result<Self, LayoutError> {
        let header = verified.header();
        let layout = Layout::new(header.len(), header.frame_length(), plaintext_len)?;
        Ok(Self {
            cipher: verified.cipher(),
            header: header.clone(),
            layout,
        })
    }

    /// Returns the sizes and offsets of the message.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the header that the object begins with.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the bytes of the object that [`Self::seal_part`] writes for these frames: the frames, and the
    /// header in front of frame 0. Returns `None` for no frames, and for frames that do not exist.
    #[must_use]
    pub fn part_range_of(&self, frames: &Range<FrameIndex>) -> Option<Range<u64>> {
        let sealed = self.layout.sealed_range_of(frames)?;
        Some(if frames.start == 0 {
            0..sealed.end
        } else {
            sealed
        })
    }

    /// Seals `frames`, whose whole plaintext is `plaintext`, into `out`, which must be exactly as long as
    /// [`Self::part_range_of`] says. The header comes in front of frame 0.
    ///
    /// # Errors
    /// Returns a [`SealError`] if the frames do not exist, or if `plaintext` or `out` has the wrong length.
    /// Do not use `out` then.
    pub fn seal_part(
        &self,
        frames: Range<FrameIndex>,
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<(), SealError> {
        let no_such_frame = self.no_such_frame(frames.end.saturating_sub(1));
        let (sealed, held) = self
            .part_range_of(&frames)
            .zip(self.layout.plaintext_range_of(&frames))
            .ok_or(no_such_frame)?;
        check_plaintext(plaintext, held.end.saturating_sub(held.start))?;
        check_out(out, sealed.end.saturating_sub(sealed.start))?;
        // The lengths are right, so every split below finds enough bytes.
        let mut plaintext = plaintext;
        let mut out = out;
        if frames.start == 0 {
            let header = self.header.as_bytes();
            out.split_off_mut(..header.len())
                .ok_or(no_such_frame)?
                .copy_from_slice(header);
        }
        for index in frames {
            let frame = self.layout.frame(index).ok_or(no_such_frame)?;
            let holds = usize_of(frame.plaintext_len().into());
            let here = plaintext.split_off(..holds).ok_or(no_such_frame)?;
            let room = out
                .split_off_mut(..usize_of(frame.sealed_len()))
                .ok_or(no_such_frame)?;
            self.seal_into(&frame, here, room)?;
        }
        Ok(())
    }

    /// Seals one frame into `out`, which must be exactly as long as the sealed frame. No header is written,
    /// not even for frame 0.
    ///
    /// # Errors
    /// Fails like [`Self::seal_part`].
    pub fn seal_frame(
        &self,
        index: FrameIndex,
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<(), SealError> {
        let frame = self.layout.frame(index).ok_or(self.no_such_frame(index))?;
        check_plaintext(plaintext, frame.plaintext_len().into())?;
        check_out(out, frame.sealed_len())?;
        self.seal_into(&frame, plaintext, out)
    }

    fn no_such_frame(&self, frame: FrameIndex) -> SealError {
        SealError::NoSuchFrame {
            frame,
            frame_count: self.layout.frame_count(),
        }
    }

    /// Writes prefix, ciphertext and tag. The caller has checked the lengths.
    fn seal_into(&self, frame: &Frame, plaintext: &[u8], out: &mut [u8]) -> Result<(), SealError> {
        let prefix = frame.prefix();
        let (before, rest) = out
            .split_at_mut_checked(prefix.len())
            .ok_or(SealError::Backend)?;
        let (ciphertext, tag) = rest.split_last_chunk_mut().ok_or(SealError::Backend)?;
        before.copy_from_slice(&prefix);
        let aad = frame.aad(self.header.message_id());
        *tag = self
            .cipher
            .seal(&frame.iv(), &aad, plaintext, ciphertext)
            .map_err(|_| SealError::Backend)?;
        Ok(())
    }
}

fn check_plaintext(plaintext: &[u8], expected_bytes: u64) -> Result<(), SealError> {
    match len_of(plaintext) {
        got_bytes if got_bytes == expected_bytes => Ok(()),
        got_bytes => Err(SealError::PlaintextLen {
            got_bytes,
            expected_bytes,
        }),
    }
}

fn check_out(out: &[u8], expected_bytes: u64) -> Result<(), SealError> {
    match len_of(out) {
        got_bytes if got_bytes == expected_bytes => Ok(()),
        got_bytes => Err(SealError::OutputLen {
            got_bytes,
            expected_bytes,
        }),
    }
}

/// Converts a length, saturated if memory could not hold that much. A split at that length then fails.
fn usize_of(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

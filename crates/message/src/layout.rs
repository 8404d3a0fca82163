//! Computes sizes and offsets of a whole message from (header length, frame length, plaintext length),
//! without keys and without bytes (docs/FORMAT.md, arithmetic).

use core::ops::Range;

use crate::error::LayoutError;
use crate::frame::{Frame, SequenceNumber};
use crate::header::FrameLength;
use crate::suite::{
    BARE_HEADER_LEN, FINAL_FRAME_EXTRA, FINAL_FRAME_OVERHEAD, REGULAR_FRAME_OVERHEAD,
};

/// The index of a frame in its message, from 0: sequence number - 1.
pub type FrameIndex = u64;

/// The greatest number of frames, because sequence numbers are u32 and start at 1.
const MOST_FRAMES: u64 = 0xFFFF_FFFF;

/// The sizes and offsets of a message of ours: the header, the regular frames, and one final frame. The final
/// frame is always shorter than the frame length, so a plaintext of whole frames ends with an empty one.
/// Therefore every plaintext has exactly one layout, and a full frame is always a regular one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    header_len: u64,
    frame_length: FrameLength,
    plaintext_len: u64,
    frame_count: u64,
    sealed_len: u64,
}

impl Layout {
    /// Computes the layout of a message with a header of `header_len` bytes (H), frames of `frame_length` (F)
    /// and `plaintext_len` bytes (P).
    ///
    /// # Errors
    /// Returns a [`LayoutError`] if the format has no such message.
    pub fn new(
        header_len: u64,
        frame_length: FrameLength,
        plaintext_len: u64,
    ) -> Result<Self, LayoutError> {
        if header_len < BARE_HEADER_LEN {
            return Err(LayoutError::HeaderLen { header_len });
        }
        let too_many = LayoutError::TooManyFrames { plaintext_len };
        if plaintext_len > Self::most_plaintext_len(frame_length) {
            return Err(too_many);
        }
        let frame_count = plaintext_len
            .checked_div(u64::from(frame_length.get()))
            .and_then(|regular| regular.checked_add(1))
            .ok_or(too_many)?;
        let sealed_len = frame_count
            .checked_mul(REGULAR_FRAME_OVERHEAD)
            .and_then(|overhead| overhead.checked_add(FINAL_FRAME_EXTRA))
            .and_then(|overhead| overhead.checked_add(plaintext_len))
            .and_then(|body| body.checked_add(header_len))
            .ok_or(too_many)?;
        Ok(Self {
            header_len,
            frame_length,
            plaintext_len,
            frame_count,
            sealed_len,
        })
    }

    /// Returns the most plaintext bytes that one message can hold in frames of `frame_length`.
    #[must_use]
    pub fn most_plaintext_len(frame_length: FrameLength) -> u64 {
        // The last frame is the final one, which is never full.
        u64::from(frame_length.get())
            .saturating_mul(MOST_FRAMES)
            .saturating_sub(1)
    }

    /// Computes the layout of an object of ours with `sealed_len` bytes. A size that ends with a full final
    /// frame is refused, because only other writers produce it.
    ///
    /// # Errors
    /// Returns a [`LayoutError`] if no plaintext gives such an object.
    pub fn from_sealed_len(
        header_len: u64,
        frame_length: FrameLength,
        sealed_len: u64,
    ) -> Result<Self, LayoutError> {
        let refused = LayoutError::SealedLen { sealed_len };
        let frame_len = u64::from(frame_length.get());
        // Every object has a header and the overhead of a final frame. The rest is the regular frames and the
        // plaintext of the final one.
        let rest = header_len
            .checked_add(FINAL_FRAME_OVERHEAD)
            .and_then(|least| sealed_len.checked_sub(least))
            .ok_or(refused)?;
        let final_len = rest
            .checked_rem(frame_length.sealed_len())
            .filter(|len| *len < frame_len)
            .ok_or(refused)?;
        let plaintext_len = rest
            .checked_div(frame_length.sealed_len())
            .and_then(|regular| regular.checked_mul(frame_len))
            .and_then(|len| len.checked_add(final_len))
            .ok_or(refused)?;
        Self::new(header_len, frame_length, plaintext_len)
    }

    /// Returns H, the length of the header in bytes.
    #[must_use]
    pub fn header_len(&self) -> u64 {
        self.header_len
    }

    /// Returns F, the plaintext bytes of a regular frame.
    #[must_use]
    pub fn frame_length(&self) -> FrameLength {
        self.frame_length
    }

    /// Returns P, the length of the plaintext in bytes.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        self.plaintext_len
    }

    /// Returns n, the number of frames with the final one; at least 1.
    #[must_use]
    pub fn frame_count(&self) -> u64 {
        self.frame_count
    }

    /// Returns D, the number of frames that carry data; at least 1. An empty final frame after full ones does
    /// not count.
    #[must_use]
    pub fn data_frame_count(&self) -> u64 {
        self.plaintext_len
            .div_ceil(u64::from(self.frame_length.get()))
            .max(1)
    }

    /// Returns the group of `len` frames that begins with `start`: a part, or the frames of one read. An
    /// empty final frame joins the group before it, so that no group holds nothing else.
    #[must_use]
    pub fn group_of(&self, start: FrameIndex, len: u64) -> Range<FrameIndex> {
        let end = start.saturating_add(len);
        if end < self.data_frame_count() {
            start..end
        } else {
            start..self.frame_count
        }
    }

    /// Returns the length of the whole message in bytes, which is the object's size.
    #[must_use]
    pub fn sealed_len(&self) -> u64 {
        self.sealed_len
    }

    /// Returns the frame with this index, or `None` if there is none.
    #[must_use]
    pub fn frame(&self, index: FrameIndex) -> Option<Frame> {
        if index >= self.frame_count {
            return None;
        }
        let sequence_number = SequenceNumber::of_frame(index)?;
        let start = self.plaintext_start(index)?;
        let left = self.plaintext_len.checked_sub(start)?;
        let is_final = index.checked_add(1)? == self.frame_count;
        Some(if is_final {
            Frame::Final {
                sequence_number,
                plaintext_len: u32::try_from(left).ok()?,
            }
        } else {
            Frame::Regular {
                sequence_number,
                plaintext_len: self.frame_length.get(),
            }
        })
    }

    /// Returns the offset of the frame with this index in the message, or `None` if there is none.
    #[must_use]
    pub fn frame_offset(&self, index: FrameIndex) -> Option<u64> {
        if index >= self.frame_count {
            return None;
        }
        self.frame_length
            .sealed_len()
            .checked_mul(index)?
            .checked_add(self.header_len)
    }

    /// Returns the range of bytes in the message that these frames occupy. Returns `None` for no frames, and
    /// for frames that do not exist. Part 1 of an upload also has the header's bytes in front of these.
    #[must_use]
    pub fn sealed_range_of(&self, frames: &Range<FrameIndex>) -> Option<Range<u64>> {
        let last = self.last_of(frames)?;
        let end = self
            .frame_offset(last)?
            .checked_add(self.frame(last)?.sealed_len())?;
        Some(self.frame_offset(frames.start)?..end)
    }

    /// Returns the range of plaintext that these frames hold, and `None` in the cases of
    /// [`Self::sealed_range_of`].
    #[must_use]
    pub fn plaintext_range_of(&self, frames: &Range<FrameIndex>) -> Option<Range<u64>> {
        let last = self.last_of(frames)?;
        let end = self
            .plaintext_start(last)?
            .checked_add(u64::from(self.frame(last)?.plaintext_len()))?;
        Some(self.plaintext_start(frames.start)?..end)
    }

    /// Returns the frames that hold this plaintext, or `None` if the plaintext does not have it or the range
    /// is empty. One empty range has a frame: `0..0` of an empty plaintext is in frame 0, which proves the
    /// emptiness. An empty final frame after full ones holds no range.
    #[must_use]
    pub fn frames_of(&self, plaintext: &Range<u64>) -> Option<Range<FrameIndex>> {
        if plaintext.end > self.plaintext_len || plaintext.start > plaintext.end {
            return None;
        }
        if self.plaintext_len == 0 {
            return Some(0..1);
        }
        if plaintext.is_empty() {
            return None;
        }
        let frame_length = u64::from(self.frame_length.get());
        let first = plaintext.start.checked_div(frame_length)?;
        let last = plaintext.end.checked_sub(1)?.checked_div(frame_length)?;
        Some(first..last.checked_add(1)?)
    }

    fn last_of(&self, frames: &Range<FrameIndex>) -> Option<FrameIndex> {
        if frames.is_empty() || frames.end > self.frame_count {
            return None;
        }
        frames.end.checked_sub(1)
    }

    fn plaintext_start(&self, index: FrameIndex) -> Option<u64> {
        index.checked_mul(u64::from(self.frame_length.get()))
    }
}

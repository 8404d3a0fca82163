//! The number of a frame in its message.

use core::num::NonZeroU32;

use crate::FrameIndex;

/// The number of a frame in its message, from 1: frame index + 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SequenceNumber(NonZeroU32);

/// No frame has this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sequence numbers go from 1 to 4294967295")]
pub struct SequenceNumberOutOfRange;

impl SequenceNumber {
    /// The first number, which every message has.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// Returns the number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// Returns the next frame's number, or `None` after the greatest one.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// Returns the number of the frame with this index (from 0), or `None` if the format has no such frame.
    #[must_use]
    pub fn of_frame(index: FrameIndex) -> Option<Self> {
        let number = u32::try_from(index.checked_add(1)?).ok()?;
        NonZeroU32::new(number).map(Self)
    }
}

impl TryFrom<u32> for SequenceNumber {
    type Error = SequenceNumberOutOfRange;

    fn try_from(number: u32) -> Result<Self, SequenceNumberOutOfRange> {
        NonZeroU32::new(number)
            .map(Self)
            .ok_or(SequenceNumberOutOfRange)
    }
}

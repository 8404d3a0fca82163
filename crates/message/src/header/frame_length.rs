//! The number of plaintext bytes in a regular frame.

use core::num::NonZeroU32;

use super::Limits;
use crate::error::{DecryptError, Field, FrameLengthError, Unsupported};
use crate::suite::REGULAR_FRAME_OVERHEAD;
use crate::wire::Reader;

/// 4 KiB, because in shorter frames the overhead of 32 bytes a frame becomes noticeable.
const LEAST: u32 = 4 * 1024;
/// 1 MiB, because readers hold one frame in memory.
const MOST: u32 = 1024 * 1024;
/// The frame length must be a multiple of this, because the official Python writer requires it.
const STEP: u32 = 128;

/// F, the plaintext bytes of a regular frame. If it was made from a number, our writer writes it (4 KiB to 1
/// MiB, a multiple of 128). If it was read from a message, it is any length within the reader's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameLength(NonZeroU32);

impl FrameLength {
    /// 256 KiB, which has 0.012 % overhead and is the fastest in Chromium.
    pub const DEFAULT: Self = match NonZeroU32::new(256 * 1024) {
        Some(length) => Self(length),
        None => Self(NonZeroU32::MIN),
    };

    /// Returns the frame length in bytes.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// Returns the length of a sealed regular frame in bytes.
    #[must_use]
    pub fn sealed_len(self) -> u64 {
        u64::from(self.get()).saturating_add(REGULAR_FRAME_OVERHEAD)
    }

    /// Checks that our writer writes this frame length.
    pub(super) fn check_ours(self) -> Result<(), FrameLengthError> {
        Self::try_from(self.get()).map(drop)
    }

    pub(crate) fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Self, DecryptError> {
        let at = reader.at();
        let number = reader.u32()?;
        let field = Field::FrameLength;
        let length = NonZeroU32::new(number).ok_or(DecryptError::Malformed { field, at })?;
        if number > limits.frame_length() {
            let over = limits.over(field, number.into(), limits.frame_length().into());
            return Err(over.into());
        }
        if limits.wants_own_frame_lengths() && Self(length).check_ours().is_err() {
            return Err(Unsupported::FrameLength(number).into());
        }
        Ok(Self(length))
    }
}

impl TryFrom<u32> for FrameLength {
    type Error = FrameLengthError;

    fn try_from(number: u32) -> Result<Self, FrameLengthError> {
        let refused = FrameLengthError {
            got_bytes: number.into(),
        };
        if (LEAST..=MOST).contains(&number) && number.is_multiple_of(STEP) {
            NonZeroU32::new(number).map(Self).ok_or(refused)
        } else {
            Err(refused)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lengths_that_every_reader_takes_are_written() {
        for number in [4096, 4224, 65_536, 262_144, 1_048_576] {
            assert_eq!(FrameLength::try_from(number).unwrap().get(), number);
        }
        for number in [0, 1, 128, 4095, 4097, 1_048_577, 1_048_704, u32::MAX] {
            assert!(FrameLength::try_from(number).is_err(), "{number}");
        }
        assert_eq!(FrameLength::DEFAULT.get(), 262_144);
    }
}

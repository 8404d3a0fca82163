//! The course of one upload: how long its file is, and what its sender does.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use sealift_message::FrameLength;
use sealift_tests::{Randomness, sizes::FRAME};
use sealift_transfer::{PartPlan, part_plan::LEAST_PART_LENGTH};

/// One upload of the run.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) number: u64,
    pub(crate) plaintext_len: usize,
    pub(crate) action: Action,
}

/// The sender's one action. Afterwards the upload is resumed until it is complete.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// The sender does nothing special.
    Straight,
    /// The sender cancels after this time.
    Cancel(Duration),
    /// The sender pauses after the first time, for the second time.
    Pause(Duration, Duration),
    /// The sender leaves after this time, and the upload is then resumed.
    Leave(Duration),
    /// The client disappears after this time, as if it had crashed. Another client then resumes.
    Crash(Duration),
}

impl Course {
    /// Returns the course of this upload in the run with that seed.
    ///
    /// # Errors
    /// Fails if there is no part plan for the default frame length.
    pub(crate) fn of(seed: u64, number: u64) -> Result<Self> {
        let part = part_plaintext_len()?;
        let mut randomness = randomness(seed, number);
        let frame = u64::try_from(FRAME).unwrap_or(u64::MAX);
        let plaintext_len = match randomness.below(10) {
            0 => randomness.below(2),
            1..=3 => randomness.below(2 * frame),
            // One byte less than a part, exactly a part, and one byte more.
            4 => part - 1 + randomness.below(3),
            5..=6 => randomness.below(part),
            _ => part + randomness.below(2 * part),
        };
        let mut moment = |most_ms| Duration::from_millis(randomness.below(most_ms));
        let (soon, long) = (moment(1_500), moment(1_500));
        let action = match randomness.below(20) {
            0..=1 => Action::Cancel(soon),
            2..=4 => Action::Pause(soon, long),
            5..=7 => Action::Leave(soon),
            8..=10 => Action::Crash(soon),
            _ => Action::Straight,
        };
        Ok(Self {
            number,
            plaintext_len: usize::try_from(plaintext_len).unwrap_or(usize::MAX),
            action,
        })
    }

    /// Returns the plaintext, which is the same on every call.
    pub(crate) fn plaintext(&self, seed: u64) -> Bytes {
        randomness(!seed, self.number).bytes(self.plaintext_len)
    }

    /// Returns the file's name, which contains the number.
    pub(crate) fn name(&self) -> String {
        format!("upload {}.bin", self.number)
    }

    /// Returns the number that a name contains.
    pub(crate) fn number_in(name: &str) -> Option<u64> {
        let number = name.strip_prefix("upload ")?.strip_suffix(".bin")?;
        number.parse().ok()
    }
}

/// Returns the plaintext bytes of a part. The server of this run plans the smallest parts that S3 permits. Neither the
/// header nor the file's length changes the number of frames in them.
fn part_plaintext_len() -> Result<u64> {
    let frame_length = FrameLength::try_from(u32::try_from(FRAME)?)?;
    let (header_len, file_len) = (92, 0);
    let plan = PartPlan::for_file(header_len, frame_length, file_len, LEAST_PART_LENGTH)?;
    Ok(plan.frames_per_part() * u64::from(frame_length.get()))
}

fn randomness(seed: u64, number: u64) -> Randomness {
    // The factor keeps the seeds far apart, because neighbouring seeds would give the same stream shifted by one step.
    Randomness::from_seed(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

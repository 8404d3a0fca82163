//! What becomes of one upload: how long its file is, and what happens to the one who sends it.

use std::time::Duration;

use bytes::Bytes;
use sealift_tests::{Randomness, sizes::FRAME};

/// Plaintext bytes of a part in this run: 5 MiB are 20 frames and some bytes, so 20 are a part.
const PART: u64 = 21 * 256 * 1024;

/// One upload.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) number: u64,
    pub(crate) plaintext_len: usize,
    pub(crate) turn: Turn,
}

/// What happens to who sends it, once; afterwards it is resumed until it is complete.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Turn {
    /// Nothing.
    Straight,
    /// Taken back after so long.
    Cancel(Duration),
    /// Paused after so long, for so long.
    Pause(Duration, Duration),
    /// Left after so long, then resumed.
    Leave(Duration),
    /// The client is gone after so long, as if it had crashed, then another resumes.
    Crash(Duration),
}

impl Course {
    /// The course of this upload in the run of that seed.
    pub(crate) fn of(seed: u64, number: u64) -> Self {
        let mut randomness = randomness(seed, number);
        let frame = u64::try_from(FRAME).unwrap_or(u64::MAX);
        let plaintext_len = match randomness.below(10) {
            0 => randomness.below(2),
            1..=3 => randomness.below(2 * frame),
            4 => PART - 1 + randomness.below(3),
            5..=6 => randomness.below(PART),
            _ => PART + randomness.below(2 * PART),
        };
        let mut moment = |most_ms| Duration::from_millis(randomness.below(most_ms));
        let (soon, long) = (moment(1_500), moment(1_500));
        let turn = match randomness.below(20) {
            0..=1 => Turn::Cancel(soon),
            2..=4 => Turn::Pause(soon, long),
            5..=7 => Turn::Leave(soon),
            8..=10 => Turn::Crash(soon),
            _ => Turn::Straight,
        };
        Self {
            number,
            plaintext_len: usize::try_from(plaintext_len).unwrap_or(usize::MAX),
            turn,
        }
    }

    /// Its plaintext, the same each time.
    pub(crate) fn plaintext(&self, seed: u64) -> Bytes {
        randomness(!seed, self.number).bytes(self.plaintext_len)
    }

    /// The file's name, which tells the number again.
    pub(crate) fn name(&self) -> String {
        format!("upload {}.bin", self.number)
    }

    /// The number that a name tells.
    pub(crate) fn number_in(name: &str) -> Option<u64> {
        let number = name.strip_prefix("upload ")?.strip_suffix(".bin")?;
        number.parse().ok()
    }
}

fn randomness(seed: u64, number: u64) -> Randomness {
    // Far apart: neighbours would be the same stream, one step on.
    Randomness::from_seed(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

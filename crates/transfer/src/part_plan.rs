//! Cuts a file of a known size into parts of whole frames (docs/FORMAT.md, arithmetic). The server makes
//! the plan, records it and sends it; every client follows the plan that it received.

use core::{fmt, ops::Range};

use sealift_message::{FrameLength, Layout, suite::FINAL_FRAME_OVERHEAD};
use serde::{Deserialize, Serialize, de::Error as _};

/// S3 accepts no more parts in one upload.
const MOST_PARTS: u16 = 10_000;
/// S3 accepts no larger part: 5 GiB.
pub const MOST_PART_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// S3 refuses smaller parts, except the last: 5 MiB.
pub const LEAST_PART_LENGTH: u64 = 5 * 1024 * 1024;
/// L of docs/FORMAT.md. It is not the smallest possible, because every part costs a signature and, in
/// browsers, a CORS preflight of its own.
pub const DEFAULT_PART_LENGTH: u64 = 8 * 1024 * 1024;

/// A part's number in its upload, 1 to 10,000.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(transparent)]
pub struct PartNumber(u16);

/// The error for a number that no part can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("part numbers go from 1 to 10,000")]
pub struct PartNumberOutOfRange;

impl PartNumber {
    /// The first part, which every upload has.
    pub const FIRST: Self = Self(1);

    /// Returns the number, 1 to 10,000.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }

    /// Returns the number of the next part, or `None` after the 10,000th.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::try_from(self.0.checked_add(1)?).ok()
    }

    /// Returns all numbers from 1 to `last`.
    pub fn all(last: Self) -> impl Iterator<Item = Self> {
        (1..=last.0).map(Self)
    }
}

impl TryFrom<u16> for PartNumber {
    type Error = PartNumberOutOfRange;

    fn try_from(number: u16) -> Result<Self, PartNumberOutOfRange> {
        if (1..=MOST_PARTS).contains(&number) {
            Ok(Self(number))
        } else {
            Err(PartNumberOutOfRange)
        }
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartNumber({})", self.0)
    }
}

impl<'de> Deserialize<'de> for PartNumber {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(from)?;
        u16::try_from(number)
            .ok()
            .and_then(|number| Self::try_from(number).ok())
            .ok_or_else(|| D::Error::custom(PartNumberOutOfRange))
    }
}

/// Why a part plan is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartPlanError {
    /// The file is too large for the format or for 10,000 parts of 5 GiB.
    #[error("a file of {plaintext_len} bytes does not fit the format")]
    TooLarge {
        /// The file's plaintext bytes.
        plaintext_len: u64,
    },
    /// The given numbers contradict each other.
    #[error("the part plan's numbers contradict each other")]
    Contradiction,
}

/// Says how a message is cut into parts. Each part holds `frames_per_part` whole frames, and the first
/// part begins with the header. The last part takes all the rest, including an empty final frame, so
/// that no part consists of an empty frame only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PartPlan {
    layout: Layout,
    frames_per_part: u64,
    part_count: PartNumber,
}

/// One part of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The part's number.
    pub number: PartNumber,
    /// The part's frames, counted from 0. Part 1 has the header's bytes in front of them.
    pub frames: Range<u64>,
    /// The plaintext bytes that the frames seal.
    pub plaintext: Range<u64>,
    /// The part's bytes in the object.
    pub sealed: Range<u64>,
}

impl Part {
    /// Returns the number of plaintext bytes.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        self.plaintext.end.saturating_sub(self.plaintext.start)
    }

    /// Returns the number of bytes in the object, which is the content length that is signed.
    #[must_use]
    pub fn sealed_len(&self) -> u64 {
        self.sealed.end.saturating_sub(self.sealed.start)
    }
}

impl PartPlan {
    /// Makes the plan for a file: parts of about `part_length` sealed bytes (L of docs/FORMAT.md), or larger
    /// parts if 10,000 of them would not be enough.
    ///
    /// # Errors
    /// Returns [`PartPlanError::TooLarge`] if no plan has room for the file.
    pub fn for_file(
        header_len: u64,
        frame_length: FrameLength,
        plaintext_len: u64,
        part_length: u64,
    ) -> Result<Self, PartPlanError> {
        let too_large = PartPlanError::TooLarge { plaintext_len };
        let layout = Layout::new(header_len, frame_length, plaintext_len).map_err(|_| too_large)?;
        let part_length = part_length.max(LEAST_PART_LENGTH);
        let for_length = part_length.div_ceil(frame_length.sealed_len());
        let for_count = layout.data_frame_count().div_ceil(u64::from(MOST_PARTS));
        Self::of(layout, for_length.max(for_count)).map_err(|_| too_large)
    }

    /// Makes the plan for a body that is sealed while it arrives and has at most `most_plaintext_len`
    /// bytes. Its parts have about `part_length` sealed bytes, or more if 10,000 of them would not be
    /// enough, but at most `most_part_length`, because each part is held in memory. Call
    /// [`Self::ending_at`] when the end of the body is known.
    ///
    /// # Errors
    /// Returns [`PartPlanError::TooLarge`] if no plan has room for that many bytes.
    pub fn for_at_most(
        header_len: u64,
        frame_length: FrameLength,
        most_plaintext_len: u64,
        part_length: u64,
        most_part_length: u64,
    ) -> Result<Self, PartPlanError> {
        let part_length = part_length.min(most_part_length);
        let plan = Self::for_file(header_len, frame_length, most_plaintext_len, part_length)?;
        let fit = frames_in(header_len, frame_length, most_part_length);
        if plan.frames_per_part <= fit {
            return Ok(plan);
        }
        // Rounding up to whole frames may have given one frame too many.
        Self::of(plan.layout, fit).map_err(|_| PartPlanError::TooLarge {
            plaintext_len: most_plaintext_len,
        })
    }

    /// Returns the most plaintext bytes that 10,000 parts of `part_length` sealed bytes can carry, with
    /// the header in front of the first.
    #[must_use]
    pub fn most_plaintext_len(header_len: u64, frame_length: FrameLength, part_length: u64) -> u64 {
        frames_in(header_len, frame_length, part_length.min(MOST_PART_BYTES))
            .saturating_mul(u64::from(MOST_PARTS))
            .saturating_mul(u64::from(frame_length.get()))
            .min(Layout::most_plaintext_len(frame_length))
    }

    /// Returns the plan with the same parts for a message that ends earlier. The caller uses it on a
    /// plan of [`Self::for_at_most`] when the body has ended.
    ///
    /// # Errors
    /// Returns [`PartPlanError::Contradiction`] if `plaintext_len` is larger than this plan's.
    pub fn ending_at(&self, plaintext_len: u64) -> Result<Self, PartPlanError> {
        if plaintext_len > self.plaintext_len() {
            return Err(PartPlanError::Contradiction);
        }
        let layout = &self.layout;
        let layout = Layout::new(layout.header_len(), layout.frame_length(), plaintext_len)
            .map_err(|_| PartPlanError::Contradiction)?;
        Self::of(layout, self.frames_per_part)
    }

    /// Makes the plan again from its recorded numbers: header bytes H, frame length F, plaintext bytes P
    /// and frames per part k.
    ///
    /// # Errors
    /// Returns a [`PartPlanError`] if no such plan is possible.
    pub fn new(
        header_len: u64,
        frame_length: u32,
        plaintext_len: u64,
        frames_per_part: u64,
    ) -> Result<Self, PartPlanError> {
        let frame_length =
            FrameLength::try_from(frame_length).map_err(|_| PartPlanError::Contradiction)?;
        let layout = Layout::new(header_len, frame_length, plaintext_len)
            .map_err(|_| PartPlanError::TooLarge { plaintext_len })?;
        Self::of(layout, frames_per_part)
    }

    fn of(layout: Layout, frames_per_part: u64) -> Result<Self, PartPlanError> {
        let too_large = PartPlanError::TooLarge {
            plaintext_len: layout.plaintext_len(),
        };
        if frames_per_part == 0 {
            return Err(PartPlanError::Contradiction);
        }
        let fit = frames_in(layout.header_len(), layout.frame_length(), MOST_PART_BYTES);
        if frames_per_part > fit {
            return Err(too_large);
        }
        let parts = layout.data_frame_count().div_ceil(frames_per_part);
        let part_count = u16::try_from(parts)
            .ok()
            .and_then(|n| PartNumber::try_from(n).ok());
        Ok(Self {
            layout,
            frames_per_part,
            part_count: part_count.ok_or(too_large)?,
        })
    }

    /// Returns the sizes and offsets of the whole message.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns P, the plaintext bytes.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        self.layout.plaintext_len()
    }

    /// Returns the number of bytes of the object.
    #[must_use]
    pub fn sealed_len(&self) -> u64 {
        self.layout.sealed_len()
    }

    /// Returns k, the frames per part. The last part may have fewer, and an empty final frame in addition.
    #[must_use]
    pub fn frames_per_part(&self) -> u64 {
        self.frames_per_part
    }

    /// Returns the last part's number.
    #[must_use]
    pub fn part_count(&self) -> PartNumber {
        self.part_count
    }

    /// Returns a part of this plan, or `None` for a number over [`Self::part_count`].
    #[must_use]
    pub fn part(&self, number: PartNumber) -> Option<Part> {
        if number > self.part_count {
            return None;
        }
        let first = u64::from(number.get())
            .checked_sub(1)?
            .checked_mul(self.frames_per_part)?;
        let frames = self.layout.group_of(first, self.frames_per_part);
        let mut sealed = self.layout.sealed_range_of(&frames)?;
        if number == PartNumber::FIRST {
            sealed.start = 0;
        }
        let plaintext = self.layout.plaintext_range_of(&frames)?;
        Some(Part {
            number,
            frames,
            plaintext,
            sealed,
        })
    }
}

/// Returns the most full frames that fit into a part of `part_length` bytes together with the header
/// and an empty final frame: H + k (F + 32) + 40 <= `part_length`.
fn frames_in(header_len: u64, frame_length: FrameLength, part_length: u64) -> u64 {
    part_length
        .saturating_sub(header_len.saturating_add(FINAL_FRAME_OVERHEAD))
        .checked_div(frame_length.sealed_len())
        .unwrap_or(0)
}

impl fmt::Debug for PartPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PlanInJson::from(*self).fmt(f)
    }
}

/// A plan in JSON. The last two fields follow from the others; they are there for clients without
/// this arithmetic.
#[derive(Debug, Serialize, Deserialize)]
struct PlanInJson {
    header_len: u64,
    frame_length: u32,
    plaintext_len: u64,
    frames_per_part: u64,
    part_count: PartNumber,
    sealed_len: u64,
}

impl From<PartPlan> for PlanInJson {
    fn from(plan: PartPlan) -> Self {
        Self {
            header_len: plan.layout.header_len(),
            frame_length: plan.layout.frame_length().get(),
            plaintext_len: plan.plaintext_len(),
            frames_per_part: plan.frames_per_part,
            part_count: plan.part_count,
            sealed_len: plan.sealed_len(),
        }
    }
}

impl Serialize for PartPlan {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        PlanInJson::from(*self).serialize(to)
    }
}

impl<'de> Deserialize<'de> for PartPlan {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = PlanInJson::deserialize(from)?;
        let plan = Self::new(
            json.header_len,
            json.frame_length,
            json.plaintext_len,
            json.frames_per_part,
        )
        .map_err(D::Error::custom)?;
        if (plan.part_count, plan.sealed_len()) != (json.part_count, json.sealed_len) {
            return Err(D::Error::custom(PartPlanError::Contradiction));
        }
        Ok(plan)
    }
}

//! Seals plaintext into the bytes of a part and hashes them with SHA-256.

use sealift_message::{ContentKey, DecryptError, FrameSealer, SealError, StoredHeader};
use sealift_transfer::{
    PartNumber, PartPlan,
    api::{PartReceipt, Sha256},
};
use sha2::Digest as _;
use zeroize::Zeroizing;

use crate::source::{Source, SourceError};

/// Seals the parts of one upload, in any order. A part has the same bytes each time.
#[derive(Debug)]
pub struct PartSealer {
    sealer: FrameSealer,
    plan: PartPlan,
}

/// Why a part was not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartSealerError {
    /// The header and the content key are not of the same message (docs/FORMAT.md, R5).
    #[error("the server's header and key do not belong together; do not use this server")]
    Header(#[source] DecryptError),
    /// The part plan does not fit the header.
    #[error("the server's part plan does not fit its header; the server may have another version")]
    Plan,
    /// The source cannot give the plaintext as it was opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Sealing the frames failed.
    #[error("part {part} cannot be sealed")]
    Seal {
        /// The number of the part.
        part: PartNumber,
        /// Why sealing failed.
        #[source]
        cause: SealError,
    },
}

impl PartSealer {
    /// Makes a sealer from the server's answer. Checks the header with the content key before anything
    /// is sealed.
    ///
    /// # Errors
    /// Returns [`PartSealerError::Header`] if the key does not fit the header, and
    /// [`PartSealerError::Plan`] if the plan does not.
    pub fn new(
        header: &[u8],
        content_key: &ContentKey,
        plan: PartPlan,
    ) -> Result<Self, PartSealerError> {
        let verified = StoredHeader::new(header)
            .and_then(|stored| stored.verify(content_key))
            .map_err(PartSealerError::Header)?;
        let sealer =
            FrameSealer::new(verified, plan.plaintext_len()).map_err(|_| PartSealerError::Plan)?;
        if sealer.layout() != plan.layout() {
            return Err(PartSealerError::Plan);
        }
        Ok(Self { sealer, plan })
    }

    /// Reads a part's plaintext frame by frame and seals it into `sealed`, replacing the old content.
    /// Blocks.
    ///
    /// # Errors
    /// Returns [`PartSealerError::Source`] if the source fails, and [`PartSealerError::Seal`] if sealing
    /// fails. The content of `sealed` is not usable then.
    pub fn seal(
        &self,
        number: PartNumber,
        source: &dyn Source,
        sealed: &mut Vec<u8>,
    ) -> Result<PartReceipt, PartSealerError> {
        let failed = |cause| PartSealerError::Seal {
            part: number,
            cause,
        };
        let layout = self.sealer.layout();
        let no_such_frame = failed(SealError::NoSuchFrame {
            frame: layout.frame_count(),
            frame_count: layout.frame_count(),
        });
        let Some(part) = self.plan.part(number) else {
            return Err(no_such_frame);
        };
        sealed.resize(usize_of(part.sealed_len()), 0);
        let too_short = || {
            failed(SealError::OutputLen {
                got_bytes: 0,
                expected_bytes: part.sealed_len(),
            })
        };
        let mut hasher = sha2::Sha256::new();
        let mut room = sealed.as_mut_slice();
        if number == PartNumber::FIRST {
            let header = self.sealer.header().as_bytes();
            room.split_off_mut(..header.len())
                .ok_or_else(too_short)?
                .copy_from_slice(header);
            hasher.update(header);
        }

        let frame_length = layout.frame_length().get();
        let mut buffer = Zeroizing::new(vec![0; usize_of(frame_length.into())]);
        let mut start = part.plaintext.start;
        for index in part.frames.clone() {
            let frame = layout.frame(index).ok_or_else(too_short)?;
            let plaintext = buffer
                .get_mut(..usize_of(frame.plaintext_len().into()))
                .ok_or_else(too_short)?;
            source.read_at(start, plaintext)?;
            let out = room
                .split_off_mut(..usize_of(frame.sealed_len()))
                .ok_or_else(too_short)?;
            self.sealer
                .seal_frame(index, plaintext, out)
                .map_err(failed)?;
            // Hash here, while the frame is still in the processor's cache.
            hasher.update(&*out);
            start = start.saturating_add(frame.plaintext_len().into());
        }
        let sha256 = Sha256::from_bytes(hasher.finalize().into());
        Ok(PartReceipt { number, sha256 })
    }
}

/// Converts a length, and saturates if memory could not hold as much.
fn usize_of(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

#[cfg(test)]
pub(crate) mod tests;

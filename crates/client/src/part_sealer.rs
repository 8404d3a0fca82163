//! Seals plaintext into the bytes of a part and hashes them with SHA-256.

use std::io::{self, Write};

use sealift_message::{
    ContentKey, DecryptError, Frame, FrameIndex, FrameSealer, SealError, StoredHeader,
};
use sealift_transfer::{
    Part, PartNumber, PartPlan,
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
    /// The output for the sealed bytes failed.
    #[error("the sealed bytes of a part cannot be written")]
    Unwritable(#[source] io::Error),
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
        let (part, mut sealing) = self.begin(number, source)?;
        sealed.resize(usize_of(part.sealed_len()), 0);
        let mut room = sealed.as_mut_slice();
        let mut next = |len: u64| {
            let room = room.split_off_mut(..usize_of(len));
            room.ok_or_else(|| sealing_failed(number, too_short(part.sealed_len())))
        };
        let header = sealing.header();
        next(len_of(header))?.copy_from_slice(header);
        for index in part.frames.clone() {
            let frame = sealing.frame(index)?;
            sealing.seal(index, &frame, next(frame.sealed_len())?)?;
        }
        Ok(sealing.receipt())
    }

    /// Seals a part like [`Self::seal`], but writes each frame to `output`, so that memory is needed for one
    /// frame only. Blocks.
    ///
    /// # Errors
    /// Fails like [`Self::seal`], and with [`PartSealerError::Unwritable`] if `output` does.
    pub(crate) fn seal_to(
        &self,
        number: PartNumber,
        source: &dyn Source,
        output: &mut dyn Write,
    ) -> Result<PartReceipt, PartSealerError> {
        let (part, mut sealing) = self.begin(number, source)?;
        let mut write = |bytes: &[u8]| output.write_all(bytes).map_err(PartSealerError::Unwritable);
        write(sealing.header())?;
        let mut sealed = Vec::new();
        for index in part.frames {
            let frame = sealing.frame(index)?;
            sealed.resize(usize_of(frame.sealed_len()), 0);
            sealing.seal(index, &frame, &mut sealed)?;
            write(&sealed)?;
        }
        Ok(sealing.receipt())
    }

    fn begin<'a>(
        &'a self,
        number: PartNumber,
        source: &'a dyn Source,
    ) -> Result<(Part, Sealing<'a>), PartSealerError> {
        let part = self.plan.part(number);
        let part = part.ok_or_else(|| sealing_failed(number, self.no_such_frame()))?;
        let header = match number {
            PartNumber::FIRST => self.sealer.header().as_bytes(),
            _ => &[],
        };
        let mut hasher = sha2::Sha256::new();
        hasher.update(header);
        let frame_length = self.sealer.layout().frame_length().get();
        let longest = part.plaintext_len().min(frame_length.into());
        let sealing = Sealing {
            of: self,
            number,
            header,
            source,
            start: part.plaintext.start,
            plaintext: Zeroizing::new(vec![0; usize_of(longest)]),
            hasher,
        };
        Ok((part, sealing))
    }

    fn no_such_frame(&self) -> SealError {
        let frame_count = self.sealer.layout().frame_count();
        SealError::NoSuchFrame {
            frame: frame_count,
            frame_count,
        }
    }
}

/// A part while its frames are sealed in order.
struct Sealing<'a> {
    of: &'a PartSealer,
    number: PartNumber,
    /// The bytes of the part before its first frame.
    header: &'a [u8],
    source: &'a dyn Source,
    /// The position of the next frame's plaintext in the source.
    start: u64,
    /// Room for the plaintext of a frame.
    plaintext: Zeroizing<Vec<u8>>,
    hasher: sha2::Sha256,
}

impl<'a> Sealing<'a> {
    fn header(&self) -> &'a [u8] {
        self.header
    }

    fn frame(&self, index: FrameIndex) -> Result<Frame, PartSealerError> {
        let frame = self.of.sealer.layout().frame(index);
        frame.ok_or_else(|| sealing_failed(self.number, self.of.no_such_frame()))
    }

    /// Reads the plaintext of the next frame, seals it into `out` and hashes the result.
    fn seal(
        &mut self,
        index: FrameIndex,
        frame: &Frame,
        out: &mut [u8],
    ) -> Result<(), PartSealerError> {
        let len = frame.plaintext_len();
        let plaintext = self.plaintext.get_mut(..usize_of(len.into()));
        let plaintext =
            plaintext.ok_or_else(|| sealing_failed(self.number, too_short(frame.sealed_len())))?;
        self.source.read_at(self.start, plaintext)?;
        let sealed = self.of.sealer.seal_frame(index, plaintext, out);
        sealed.map_err(|cause| sealing_failed(self.number, cause))?;
        // Hash here, while the frame is still in the processor's cache.
        self.hasher.update(&*out);
        self.start = self.start.saturating_add(len.into());
        Ok(())
    }

    fn receipt(self) -> PartReceipt {
        PartReceipt {
            number: self.number,
            sha256: Sha256::from_bytes(self.hasher.finalize().into()),
        }
    }
}

fn sealing_failed(part: PartNumber, cause: SealError) -> PartSealerError {
    PartSealerError::Seal { part, cause }
}

fn too_short(expected_bytes: u64) -> SealError {
    SealError::OutputLen {
        got_bytes: 0,
        expected_bytes,
    }
}

fn len_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Converts a length, and saturates if memory could not hold as much.
fn usize_of(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

#[cfg(test)]
pub(crate) mod tests;

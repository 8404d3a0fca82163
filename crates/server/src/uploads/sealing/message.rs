//! Seals one message while its plaintext arrives: each frame once and in order. No frame is held
//! back, because a full frame is never the final one. A full part is held back until more plaintext
//! arrives, because an empty final frame belongs to the last part.

use bytes::{Buf as _, Bytes};
use sealift_message::{
    LayoutError, SealError, StreamSealer, VerifiedHeader, suite::FINAL_FRAME_OVERHEAD,
};
use sealift_transfer::{PartNumber, PartPlan, api::Sha256, part_plan::PartPlanError};
use sha2::Digest as _;
use zeroize::Zeroizing;

/// Seals arriving plaintext into parts of whole frames. Holds the plaintext of less than one frame
/// and the ciphertext of one part.
pub(super) struct MessageSealer {
    frames: StreamSealer,
    /// The part plan of the longest message that may arrive.
    plan: PartPlan,
    /// The plaintext of the frame that is not full yet.
    unsealed: Zeroizing<Vec<u8>>,
    plaintext_len: u64,
    part: PartInMaking,
}

/// A sealed part, ready for the store.
pub(super) struct SealedPart {
    pub(super) number: PartNumber,
    pub(super) sealed: Bytes,
    pub(super) sha256: Sha256,
}

/// The reasons why a body was not sealed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealingError {
    /// More plaintext arrived than the plan has room for.
    #[error("the body is longer than {most_bytes} bytes")]
    TooLong {
        /// The most plaintext bytes that the plan has room for.
        most_bytes: u64,
    },
    #[error("a frame was not sealed")]
    Seal(#[from] SealError),
    #[error("there is no such message")]
    Layout(#[from] LayoutError),
    #[error("there is no such plan")]
    Plan(#[from] PartPlanError),
}

impl MessageSealer {
    /// Makes a sealer for a message that is at most as long as `plan` says.
    pub(super) fn new(verified: VerifiedHeader, plan: PartPlan) -> Result<Self, SealingError> {
        let mut part = PartInMaking::new(&plan, PartNumber::FIRST);
        part.append(verified.header().as_bytes());
        Ok(Self {
            frames: StreamSealer::new(verified)?,
            unsealed: Zeroizing::new(Vec::with_capacity(
                // A frame is never longer than the whole plaintext.
                frame_len(&plan).min(usize::try_from(plan.plaintext_len()).unwrap_or(usize::MAX)),
            )),
            plan,
            plaintext_len: 0,
            part,
        })
    }

    /// Takes plaintext until it is used up or a part is full. Returns the full part.
    pub(super) fn push(
        &mut self,
        plaintext: &mut Bytes,
    ) -> Result<Option<SealedPart>, SealingError> {
        let most_bytes = self.plan.plaintext_len();
        let frame_len = frame_len(&self.plan);
        while !plaintext.is_empty() {
            if self.part.frames == self.plan.frames_per_part() {
                // More follows, so this part is not the last.
                let next = self.part.number.next();
                let next = next.ok_or(SealingError::TooLong { most_bytes })?;
                let full = core::mem::replace(&mut self.part, PartInMaking::new(&self.plan, next));
                return Ok(Some(full.end()));
            }
            let room = frame_len.saturating_sub(self.unsealed.len());
            let taken = plaintext.split_to(room.min(plaintext.remaining()));
            self.plaintext_len = self.plaintext_len.saturating_add(len_of(&taken));
            if self.plaintext_len > most_bytes {
                return Err(SealingError::TooLong { most_bytes });
            }
            self.unsealed.extend_from_slice(&taken);
            if self.unsealed.len() == frame_len {
                self.part
                    .seal(|out| self.frames.push(&self.unsealed, out))?;
                self.unsealed.clear();
            }
        }
        Ok(None)
    }

    /// Returns the plaintext bytes so far.
    pub(super) fn plaintext_len(&self) -> u64 {
        self.plaintext_len
    }

    /// Ends the body. Returns the last part, and the part plan of the real length.
    pub(super) fn finish(mut self) -> Result<(SealedPart, PartPlan), SealingError> {
        let plan = self.plan.ending_at(self.plaintext_len)?;
        self.part
            .seal(|out| self.frames.finish(&self.unsealed, out))?;
        Ok((self.part.end(), plan))
    }
}

struct PartInMaking {
    number: PartNumber,
    frames: u64,
    sealed: Vec<u8>,
    sha256: sha2::Sha256,
}

impl PartInMaking {
    fn new(plan: &PartPlan, number: PartNumber) -> Self {
        // If the body ends with this part, the part may also hold an empty final frame.
        let sealed_len = plan.part(number).map_or(0, |part| {
            part.sealed_len().saturating_add(FINAL_FRAME_OVERHEAD)
        });
        Self {
            number,
            frames: 0,
            sealed: Vec::with_capacity(usize::try_from(sealed_len).unwrap_or(0)),
            sha256: sha2::Sha256::new(),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.sealed.extend_from_slice(bytes);
        self.sha256.update(bytes);
    }

    /// Appends to the part the frame that `append` seals.
    fn seal<T>(
        &mut self,
        append: impl FnOnce(&mut Vec<u8>) -> Result<T, SealError>,
    ) -> Result<(), SealError> {
        let start = self.sealed.len();
        append(&mut self.sealed)?;
        self.sha256
            .update(self.sealed.get(start..).unwrap_or_default());
        self.frames = self.frames.saturating_add(1);
        Ok(())
    }

    fn end(self) -> SealedPart {
        SealedPart {
            number: self.number,
            sealed: self.sealed.into(),
            sha256: Sha256::from_bytes(self.sha256.finalize().into()),
        }
    }
}

fn frame_len(plan: &PartPlan) -> usize {
    usize::try_from(plan.layout().frame_length().get()).unwrap_or(usize::MAX)
}

pub(super) fn len_of(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use sealift_message::{
        DataKey, EncryptedDataKey, EncryptionContext, FrameLength, FrameSealer, HeaderBuilder,
        MessageId,
    };

    use super::*;
    use crate::random;

    const FRAME: u64 = 4096;
    const FRAMES_A_PART: u64 = 3;

    fn message() -> (VerifiedHeader, VerifiedHeader) {
        let data_key = DataKey::make(&mut random::source());
        let encrypted = EncryptedDataKey::new("sealift", b"name", b"sealed").unwrap();
        let header = HeaderBuilder::new(
            MessageId::make(&mut random::source()),
            EncryptionContext::default(),
            encrypted,
            FrameLength::try_from(4096).unwrap(),
        );
        let header = header.authenticate(&data_key).unwrap();
        let verify = || header.verify(&data_key).unwrap();
        (verify(), verify())
    }

    /// Seals `plaintext`, pushed in pieces of `piece` bytes.
    fn seal(
        verified: VerifiedHeader,
        plaintext: &[u8],
        most: u64,
        piece: usize,
    ) -> Result<(Vec<SealedPart>, PartPlan), SealingError> {
        let header_len = verified.header().len();
        let plan = PartPlan::new(header_len, 4096, most, FRAMES_A_PART).unwrap();
        let mut sealer = MessageSealer::new(verified, plan)?;
        let mut parts = Vec::new();
        for piece in plaintext.chunks(piece) {
            let mut piece = Bytes::copy_from_slice(piece);
            while let Some(part) = sealer.push(&mut piece)? {
                parts.push(part);
            }
        }
        let (last, plan) = sealer.finish()?;
        parts.push(last);
        Ok((parts, plan))
    }

    #[test]
    fn a_body_is_sealed_as_if_its_length_had_been_known_whatever_its_pieces() {
        let part = FRAME * FRAMES_A_PART;
        let most = 4 * part;
        let edges = [0, FRAME, 2 * FRAME, part, 2 * part, 3 * part, most];
        let around = |edge: u64| [edge.saturating_sub(1), edge, edge + 1];
        for len in edges
            .into_iter()
            .flat_map(around)
            .filter(|len| *len <= most)
        {
            let plaintext: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
            for piece in [1, 1000, 4096, 4097, 100_000] {
                let (once, again) = message();
                let (parts, plan) = seal(once, &plaintext, most, piece).unwrap();
                let whole = FrameSealer::new(again, len).unwrap();
                assert_eq!(plan.sealed_len(), whole.layout().sealed_len());
                assert_eq!(parts.len(), usize::from(plan.part_count().get()));
                for sealed in parts {
                    let part = plan.part(sealed.number).unwrap();
                    let mut expected = vec![0; usize::try_from(part.sealed_len()).unwrap()];
                    let of = |at: u64| usize::try_from(at).unwrap();
                    let its = &plaintext[of(part.plaintext.start)..of(part.plaintext.end)];
                    whole.seal_part(part.frames, its, &mut expected).unwrap();
                    assert!(sealed.sealed == expected, "{len} in pieces of {piece}");
                    assert_eq!(sealed.sha256, Sha256::of(&expected));
                }
            }
        }
    }

    #[test]
    fn the_last_part_fits_into_its_buffer_with_an_empty_final_frame() {
        let part = FRAME * FRAMES_A_PART;
        for (len, most) in [(part, 4 * part), (2 * part, 4 * part), (4 * part, 4 * part)] {
            let verified = message().0;
            let plan = PartPlan::new(verified.header().len(), 4096, most, FRAMES_A_PART).unwrap();
            let mut sealer = MessageSealer::new(verified, plan).unwrap();
            let mut plaintext = Bytes::from(vec![7; usize::try_from(len).unwrap()]);
            while sealer.push(&mut plaintext).unwrap().is_some() {}
            let room = sealer.part.sealed.capacity();
            let (last, _) = sealer.finish().unwrap();
            assert!(
                last.sealed.len() <= room,
                "{len} of {most}: the buffer grew"
            );
        }
    }

    #[test]
    fn one_byte_more_than_the_plan_has_room_for_is_refused() {
        let plaintext = vec![0; 20_001];
        let sealed = seal(message().0, &plaintext, 20_000, 4096);
        let Err(SealingError::TooLong { most_bytes: 20_000 }) = sealed else {
            panic!("{:?}", sealed.map(|(_, plan)| plan));
        };
    }
}

//! Sealift's core, with frames of 256 KiB.

use anyhow::Result;
use sealift_message::{
    DataKey, EncryptedDataKey, EncryptionContext, FrameLength, FrameSealer, HeaderBuilder,
    MessageId, RangeDecryptor, VerifiedHeader,
};

use crate::{Contestant, PLAINTEXT_LEN};

/// Bytes of plaintext in a frame.
pub(crate) const FRAME_LEN: u32 = 256 * 1024;

pub(crate) struct Sealift {
    sealer: FrameSealer,
    decryptor: RangeDecryptor,
    object: Vec<u8>,
    opened: Vec<u8>,
}

impl Sealift {
    pub(crate) fn new() -> Result<Self> {
        let sealer = FrameSealer::new(verified()?, u64::try_from(PLAINTEXT_LEN)?)?;
        let sealed_len = sealer.layout().sealed_len();
        Ok(Self {
            decryptor: RangeDecryptor::new(verified()?, sealed_len)?,
            object: vec![0; usize::try_from(sealed_len)?],
            opened: vec![0; PLAINTEXT_LEN],
            sealer,
        })
    }
}

fn verified() -> Result<VerifiedHeader> {
    let data_key = DataKey::try_from([1; 32].as_slice())?;
    let context = [("tenant", "t"), ("object-id", "o"), ("upload-id", "u")];
    let header = HeaderBuilder::new(
        MessageId::from_bytes([2; 32]),
        EncryptionContext::from_pairs(context)?,
        EncryptedDataKey::new("bench", [3; 32], [4; 60])?,
        FrameLength::try_from(FRAME_LEN)?,
    );
    Ok(header.authenticate(&data_key)?.verify(&data_key)?)
}

impl Contestant for Sealift {
    fn name(&self) -> &'static str {
        "sealift"
    }

    fn seal(&mut self, plaintext: &[u8]) -> Result<()> {
        let frames = 0..self.sealer.layout().frame_count();
        Ok(self.sealer.seal_part(frames, plaintext, &mut self.object)?)
    }

    fn open(&mut self) -> Result<&[u8]> {
        let header_len = usize::try_from(self.sealer.layout().header_len())?;
        let body = self.object.get(header_len..).unwrap_or_default();
        self.decryptor
            .plan_all()
            .open_at_once(body, &mut self.opened)?;
        Ok(&self.opened)
    }
}

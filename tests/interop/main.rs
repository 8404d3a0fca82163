//! Objects that Sealift stored, read by AWS's official programs, and messages that those programs made, read by
//! Sealift. So nobody needs Sealift to get files back, and messages made elsewhere can be decrypted with Sealift.

mod ours;
mod sealift;
mod theirs;

use anyhow::Result;
use bytes::Bytes;
use sealift_tests::{Moto, Randomness, Setup, Stack, official_readers::WrappingKey};
use sealift_transfer::api::FileRecord;

/// AES-256-GCM, HKDF-SHA512, key commitment, no signature.
const SUITE: u16 = 0x0478;

/// A stack that takes its data keys from a KMS key, and that key.
struct UnderKms {
    moto: Moto,
    key_arn: String,
    stack: Stack,
}

impl UnderKms {
    async fn start() -> Result<Self> {
        let moto = Moto::start().await?;
        let key_arn = moto.make_key().await?;
        let stack = Setup::new().with_kms(&moto, &key_arn).start().await?;
        Ok(Self {
            moto,
            key_arn,
            stack,
        })
    }

    fn key(&self) -> WrappingKey {
        WrappingKey::Kms(self.key_arn.clone())
    }
}

async fn stored(stack: &Stack, sizes: &[usize]) -> Result<Vec<(FileRecord, Bytes)>> {
    let mut randomness = Randomness::from_printed_seed()?;
    let mut stored = Vec::new();
    for len in sizes {
        let plaintext = randomness.bytes(*len);
        let file = stack.upload(&format!("{len} bytes"), &plaintext).await?;
        stored.push((file, plaintext));
    }
    Ok(stored)
}

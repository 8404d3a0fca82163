//! Random bytes that can be had again.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use bytes::Bytes;

/// A stream of random bytes from a seed, which is printed: `SEALIFT_TEST_SEED` gives it again.
#[derive(Debug)]
pub struct Randomness(u64);

impl Randomness {
    /// From `SEALIFT_TEST_SEED`, else from the system.
    ///
    /// # Errors
    /// Where the variable is no number, or the system gives no randomness.
    pub fn from_printed_seed() -> Result<Self> {
        let seed = match env::var("SEALIFT_TEST_SEED") {
            Ok(given) => given
                .parse()
                .context("SEALIFT_TEST_SEED is not a number below 2^64")?,
            Err(_) => getrandom::u64()?,
        };
        eprintln!("SEALIFT_TEST_SEED={seed} makes the same plaintext again");
        Ok(Self(seed))
    }

    /// From a seed that the caller has told.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`; 0 where that is 0. Not quite even for huge ends, which is no matter
    /// here.
    #[must_use]
    pub fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or_default()
    }

    /// The next `len` bytes.
    #[must_use]
    pub fn bytes(&mut self, len: usize) -> Bytes {
        let mut bytes = vec![0; len];
        for eight in bytes.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            eight.copy_from_slice(random.get(..eight.len()).unwrap_or_default());
        }
        bytes.into()
    }

    /// The next `len` bytes in a file of that name.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn file(&mut self, folder: &Path, name: &str, len: usize) -> Result<(PathBuf, Bytes)> {
        let bytes = self.bytes(len);
        let path = folder.join(name);
        fs::write(&path, &bytes)?;
        Ok((path, bytes))
    }

    /// SplitMix64: evenly distributed, quick without optimisation; nothing here is secret.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

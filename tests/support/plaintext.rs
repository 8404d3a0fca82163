//! Random bytes that a seed can reproduce.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use bytes::Bytes;

/// A stream of random bytes from a seed. The seed is printed, and `SEALIFT_TEST_SEED` sets it for another run.
#[derive(Debug)]
pub struct Randomness(u64);

impl Randomness {
    /// Takes the seed from `SEALIFT_TEST_SEED`, or else from the system.
    ///
    /// # Errors
    /// Fails if the variable is not a number, or if the system gives no randomness.
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

    /// Takes this seed. The caller has printed it already.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `end`, or 0 if `end` is 0. The distribution is slightly uneven for huge values of `end`,
    /// which does not matter here.
    #[must_use]
    pub fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or_default()
    }

    /// Returns the next `len` bytes.
    #[must_use]
    pub fn bytes(&mut self, len: usize) -> Bytes {
        let mut bytes = vec![0; len];
        for eight in bytes.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            eight.copy_from_slice(random.get(..eight.len()).unwrap_or_default());
        }
        bytes.into()
    }

    /// Writes the next `len` bytes to a file of that name.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn file(&mut self, folder: &Path, name: &str, len: usize) -> Result<(PathBuf, Bytes)> {
        let bytes = self.bytes(len);
        let path = folder.join(name);
        fs::write(&path, &bytes)?;
        Ok((path, bytes))
    }

    /// SplitMix64: evenly distributed and fast without optimisation. It need not be secure, because
    /// nothing here is secret.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

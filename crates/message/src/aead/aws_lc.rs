//! AES-256-GCM by AWS-LC.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::BackendFailed;
use crate::suite::{IV_LEN, KEY_LEN, TAG_LEN};

/// An AES key. AWS-LC wipes its copy when it frees it.
pub(crate) struct Key(LessSafeKey);

impl Key {
    #[expect(
        clippy::expect_used,
        reason = "fails for another key length only, and the type fixes it"
    )]
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are an AES-256 key");
        Self(LessSafeKey::new(key))
    }

    /// Makes a key of AES-128, AES-192 or AES-256, by its length, for the older suites.
    #[cfg(feature = "legacy-suites")]
    pub(super) fn of_any_len(key: &[u8]) -> Option<Self> {
        use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM};
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            KEY_LEN => &AES_256_GCM,
            _ => return None,
        };
        let key = UnboundKey::new(algorithm, key).ok()?;
        Some(Self(LessSafeKey::new(key)))
    }

    pub(super) fn seal(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], BackendFailed> {
        let mut tag = [0; TAG_LEN];
        let iv = Nonce::assume_unique_for_key(*iv);
        self.0
            .seal_out_of_place_scatter(iv, Aad::from(aad), plaintext, ciphertext, &[], &mut tag)
            .map_err(|_| BackendFailed)?;
        Ok(tag)
    }

    pub(super) fn open_in_place(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        tag: &[u8; TAG_LEN],
        bytes: &mut [u8],
    ) -> Result<(), BackendFailed> {
        let iv = Nonce::assume_unique_for_key(*iv);
        let opened = self
            .0
            .open_in_place_separate_tag(iv, Aad::from(aad), tag, bytes);
        opened.map(|_| ()).map_err(|_| BackendFailed)
    }

    pub(super) fn open(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        plaintext: &mut [u8],
    ) -> Result<(), BackendFailed> {
        let iv = Nonce::assume_unique_for_key(*iv);
        self.0
            .open_separate_gather(iv, Aad::from(aad), ciphertext, tag, plaintext)
            .map_err(|_| BackendFailed)
    }
}

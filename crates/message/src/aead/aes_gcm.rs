//! AES-256-GCM by RustCrypto.

use ::aes_gcm::aead::inout::InOutBuf;
use ::aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};

use super::BackendFailed;
use crate::suite::{IV_LEN, KEY_LEN, TAG_LEN};

/// An AES-256 key. The feature `zeroize` of the `aes-gcm` crate wipes it when it is dropped.
pub(crate) struct Key(Aes256Gcm);

impl Key {
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    pub(super) fn seal(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], BackendFailed> {
        let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| BackendFailed)?;
        self.0
            .encrypt_inout_detached(iv.into(), aad, buffer)
            .map(Into::into)
            .map_err(|_| BackendFailed)
    }

    pub(super) fn open_in_place(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        tag: &[u8; TAG_LEN],
        bytes: &mut [u8],
    ) -> Result<(), BackendFailed> {
        let buffer = InOutBuf::from(bytes);
        self.0
            .decrypt_inout_detached(iv.into(), aad, buffer, tag.into())
            .map_err(|_| BackendFailed)
    }

    pub(super) fn open(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        plaintext: &mut [u8],
    ) -> Result<(), BackendFailed> {
        let buffer = InOutBuf::new(ciphertext, plaintext).map_err(|_| BackendFailed)?;
        self.0
            .decrypt_inout_detached(iv.into(), aad, buffer, tag.into())
            .map_err(|_| BackendFailed)
    }
}

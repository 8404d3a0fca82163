//! AES-GCM. Only this module calls an AES crate. The two backends give the same bytes.

#[cfg(feature = "aes-gcm")]
mod aes_gcm;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc;

use crate::error::DecryptError;
use crate::suite::{IV_LEN, KEY_LEN, TAG_LEN};

/// The AES-GCM implementation to use. The default is `aws-lc-rs` if it is compiled in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// AWS-LC, the fast native implementation.
    #[cfg(feature = "aws-lc-rs")]
    #[default]
    AwsLcRs,
    /// RustCrypto, for wasm and for native builds without AWS-LC.
    #[cfg(feature = "aes-gcm")]
    #[cfg_attr(not(feature = "aws-lc-rs"), default)]
    AesGcm,
}

impl Backend {
    /// All backends that are compiled in.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "aws-lc-rs")]
        Self::AwsLcRs,
        #[cfg(feature = "aes-gcm")]
        Self::AesGcm,
    ];
}

/// The backend refused to work, because GCM does not allow a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackendFailed;

/// An AES-GCM key, ready to use. The key has 256 bits, or fewer in messages of older suites. The backend
/// wipes it when it is dropped.
pub(crate) enum Cipher {
    #[cfg(feature = "aws-lc-rs")]
    AwsLcRs(Box<aws_lc::Key>),
    #[cfg(feature = "aes-gcm")]
    AesGcm(Box<aes_gcm::Key>),
}

impl Cipher {
    pub(crate) fn new(backend: Backend, key: &[u8; KEY_LEN]) -> Self {
        match backend {
            #[cfg(feature = "aws-lc-rs")]
            Backend::AwsLcRs => Self::AwsLcRs(Box::new(aws_lc::Key::new(key))),
            #[cfg(feature = "aes-gcm")]
            Backend::AesGcm => Self::AesGcm(Box::new(aes_gcm::Key::new(key))),
        }
    }

    /// Encrypts `plaintext` into `ciphertext`, which must be as long, and returns the tag.
    pub(crate) fn seal(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], BackendFailed> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs(key) => key.seal(iv, aad, plaintext, ciphertext),
            #[cfg(feature = "aes-gcm")]
            Self::AesGcm(key) => key.seal(iv, aad, plaintext, ciphertext),
        }
    }

    /// Decrypts `ciphertext` into `plaintext`, which must be as long. After an error `plaintext` holds zeros.
    pub(crate) fn open(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        plaintext: &mut [u8],
    ) -> Result<(), DecryptError> {
        let opened = match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs(key) => key.open(iv, aad, ciphertext, tag, plaintext),
            #[cfg(feature = "aes-gcm")]
            Self::AesGcm(key) => key.open(iv, aad, ciphertext, tag, plaintext),
        };
        opened.map_err(|BackendFailed| {
            plaintext.fill(0);
            DecryptError::Unauthentic
        })
    }
}

impl Cipher {
    /// Decrypts `bytes` in place. After an error they are zeros.
    pub(crate) fn open_in_place(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        tag: &[u8; TAG_LEN],
        bytes: &mut [u8],
    ) -> Result<(), DecryptError> {
        let opened = match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs(key) => key.open_in_place(iv, aad, tag, bytes),
            #[cfg(feature = "aes-gcm")]
            Self::AesGcm(key) => key.open_in_place(iv, aad, tag, bytes),
        };
        opened.map_err(|BackendFailed| {
            bytes.fill(0);
            DecryptError::Unauthentic
        })
    }

    /// Appends the plaintext to `out`. Appends nothing if the ciphertext does not authenticate.
    pub(crate) fn open_onto(
        &self,
        iv: &[u8; IV_LEN],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let before = out.len();
        out.resize(before.saturating_add(ciphertext.len()), 0);
        let room = out.get_mut(before..).unwrap_or_default();
        let opened = self.open(iv, aad, ciphertext, tag, room);
        if opened.is_err() {
            out.truncate(before);
        }
        opened
    }

    /// Makes a cipher of a key of 16, 24 or 32 bytes, because older suites have shorter keys. Returns `None`
    /// for another length.
    #[cfg(feature = "legacy-suites")]
    pub(crate) fn of_any_len(key: &[u8]) -> Option<Self> {
        let key = aws_lc::Key::of_any_len(key)?;
        Some(Self::AwsLcRs(Box::new(key)))
    }
}

impl core::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Cipher(..)")
    }
}

//! AES-GCM: the only place that calls an AES crate. Two backends give the same bytes.

#[cfg(feature = "aes-gcm")]
mod aes_gcm;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc;

use crate::error::DecryptError;
use crate::suite::{IV_LEN, KEY_LEN, TAG_LEN};

/// Which AES-GCM works. The default is `aws-lc-rs` where it is compiled in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// AWS-LC: the fast native one.
    #[cfg(feature = "aws-lc-rs")]
    #[default]
    AwsLcRs,
    /// RustCrypto: wasm, and native without AWS-LC.
    #[cfg(feature = "aes-gcm")]
    #[cfg_attr(not(feature = "aws-lc-rs"), default)]
    AesGcm,
}

impl Backend {
    /// All that are compiled in.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "aws-lc-rs")]
        Self::AwsLcRs,
        #[cfg(feature = "aes-gcm")]
        Self::AesGcm,
    ];
}

/// The backend refused: lengths that GCM does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackendFailed;

/// An AES-GCM key, ready to work: of AES-256, or in a message of an older suite any other. Wiped when dropped, by the backend.
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

    /// Encrypts `plaintext` into `ciphertext`, which is as long, and gives the tag.
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

    /// Decrypts `ciphertext` into `plaintext`, which is as long. On an error `plaintext` holds
    /// zeros.
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
    /// Decrypts `bytes` where they are. On an error they are zeros.
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

    /// Appends the plaintext to `out`, and nothing where it does not authenticate.
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

    /// Of a key of 16, 24 or 32 bytes, as the older suites have; `None` for another length.
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

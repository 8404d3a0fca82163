//! What can go wrong, by what to do about it: ask again, have an operator look, or give up.

use sealift_message::{DecryptError, HeaderError, SealError};

/// Why a key was not made or not opened. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// KMS does not answer, or asks for patience. The SDK has retried already.
    #[error("KMS does not answer; try again in a moment")]
    Unavailable {
        /// The answer's HTTP status, where there was one.
        status: Option<u16>,
    },
    /// No request can be made: credentials or region are missing.
    #[error("KMS cannot be asked; give credentials and a region by the AWS chain")]
    NoCredentials,
    /// KMS answers, and says no: the key is absent, disabled or not ours to use.
    #[error("KMS refuses with {code}; check the key, its state and its policy")]
    Refused {
        /// KMS's own word for it.
        code: String,
    },
    /// KMS's answer lacks something.
    #[error("KMS answers without a proper {field}; check the endpoint")]
    Incomprehensible {
        /// What is missing or malformed.
        field: &'static str,
    },
    /// Another key, another context or altered bytes: deliberately not told apart.
    #[error("the encrypted key does not open")]
    Unauthentic,
    /// No data key of a message is under a key that is at hand.
    #[error(
        "no data key of the message is under a key that was given; its header names those it wants"
    )]
    NoneMatches,
    /// Only a key's ARN says for sure which key is meant: an alias may move, an id has no account.
    #[error("{given} is not the ARN of a KMS key; give one as arn:aws:kms:REGION:ACCOUNT:key/ID")]
    NotAKeyArn {
        /// What was given instead.
        given: String,
    },
    /// Not a key of AES.
    #[error("an AES key has 16, 24 or 32 bytes, not {got_bytes}")]
    KeyLen {
        /// What was given.
        got_bytes: usize,
    },
    /// A row that another keyring sealed.
    #[error("the key row is sealed under {wrapped_by}; use the keyring that made it")]
    OtherWrapper {
        /// As the row says.
        wrapped_by: String,
    },
    /// Version 0 stands for "no KEK".
    #[error("a key-encryption key's version counts from 1")]
    VersionZero,
    /// The encrypted data key does not fit a header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The AEAD backend refused to work.
    #[error("the AEAD backend failed")]
    Backend,
    /// The system gave no randomness.
    #[error("the system gives no random bytes")]
    Random,
}

/// Mute: whatever the bytes are wrong in, they do not open.
impl From<DecryptError> for KeyringError {
    fn from(_: DecryptError) -> Self {
        Self::Unauthentic
    }
}

impl From<SealError> for KeyringError {
    fn from(_: SealError) -> Self {
        Self::Backend
    }
}

impl From<getrandom::Error> for KeyringError {
    fn from(_: getrandom::Error) -> Self {
        Self::Random
    }
}

//! The errors of this crate. Each variant tells the caller what to do: try again, ask an operator, or give
//! up.

use sealift_message::{DecryptError, HeaderError, SealError};

/// Says why a key was not made or not opened. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// KMS does not answer, or throttles us. The SDK has retried already.
    #[error("KMS does not answer; try again in a moment")]
    Unavailable {
        /// The HTTP status of the answer, if there was one.
        status: Option<u16>,
    },
    /// No request can be made, because credentials or region are missing.
    #[error("no request to KMS can be made; give credentials and a region by the AWS chain")]
    NoCredentials,
    /// KMS refuses: the key does not exist, is disabled, or is not ours to use.
    #[error("KMS refuses {action} with the key {key} ({code}); {}", remedy(code))]
    Refused {
        /// The action as policies name it, such as `kms:Decrypt`.
        action: &'static str,
        /// The ARN of the key, if the request or KMS names it; otherwise its id or alias, as it was asked for.
        key: String,
        /// KMS's error code; `no code` if it gave none.
        code: String,
    },
    /// A field of KMS's answer is missing or malformed.
    #[error("KMS answers without a proper {field}; check the endpoint")]
    Incomprehensible {
        /// The name of that field.
        field: &'static str,
    },
    /// Another key, another context or altered bytes. The error deliberately does not say which.
    #[error("the encrypted key does not open")]
    Unauthentic,
    /// None of the given keys encrypted a data key of the message.
    #[error(
        "none of the given keys fits a data key of the message; its header names the keys that do"
    )]
    NoneMatches,
    /// The text is not the ARN of a KMS key. Only an ARN says for sure which key is meant, because an alias
    /// may move and an id names no account.
    #[error("{given} is not the ARN of a KMS key; give one as arn:aws:kms:REGION:ACCOUNT:key/ID")]
    NotAKeyArn {
        /// The text that was given.
        given: String,
    },
    /// The key does not have the length of an AES key.
    #[error("an AES key has 16, 24 or 32 bytes, not {got_bytes}")]
    KeyLen {
        /// Its length in bytes.
        got_bytes: usize,
    },
    /// Another keyring sealed the row.
    #[error("the key row is sealed under {wrapped_by}; use the keyring that made it")]
    OtherWrapper {
        /// The ARN or the name of the wrapper, from the row.
        wrapped_by: String,
    },
    /// The row needs a pepper that the settings do not give.
    #[error(
        "the key row needs the pepper of version {version}, which is not set; set it as the pepper or as \
         the old pepper, with that version"
    )]
    NoPepper {
        /// The pepper version in the row.
        version: u32,
    },
    /// KMS opened its half, but the pepper does not open the row.
    #[error(
        "the pepper of version {version} does not open the key row; put back the pepper with which the row \
         was made"
    )]
    WrongPepper {
        /// The pepper version in the row.
        version: u32,
    },
    /// The row opens with the pepper of the other version.
    #[error(
        "the pepper and the old pepper are swapped; exchange the two values, or their versions"
    )]
    SwappedPeppers,
    /// The version is 0, which stands for "no KEK".
    #[error("a key-encryption key's version counts from 1")]
    VersionZero,
    /// The encrypted data key does not fit a header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The AEAD backend refused to work.
    #[error("the AEAD backend failed")]
    Backend,
    /// The operating system returned no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
}

/// Hides the reason: the caller learns only that the bytes do not open.
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

/// Says what mends a refusal with this code of KMS.
fn remedy(code: &str) -> &'static str {
    match code {
        "AccessDeniedException" => {
            "allow this action in the policy of the caller's role, and in the key's policy or by a grant"
        }
        "DisabledException" => "enable the key again",
        "KMSInvalidStateException" => "cancel the key's deletion, or wait until it is ready",
        "NotFoundException" => "check the key's name, account and region",
        "InvalidKeyUsageException" => "use a symmetric key for encryption and decryption",
        _ => "check the key, its state and its policy",
    }
}

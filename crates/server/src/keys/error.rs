//! The errors of the keys.

use std::sync::Arc;

use sealift_keyring::{KeyFileError, KeyringError, MayPass};

use crate::records::RecordsError;

/// The reasons why a key is not available. Holds no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The key file cannot be used.
    #[error(transparent)]
    KeyFile(Arc<KeyFileError>),
    /// The key file is not the one that this database was used with.
    #[error("the key file is not the one of this database; put the right one back")]
    OtherKeyFile,
    /// The keyring failed or refused.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The rows that hold the keys cannot be read or written.
    #[error("the records of the keys failed")]
    Records(#[source] Arc<RecordsError>),
    /// A key was made under a row that no longer exists, or by another keyring.
    #[error("no key of this deployment opens it; was the database or the keyring replaced?")]
    NoSuchKey,
}

impl From<KeyFileError> for KeysError {
    fn from(error: KeyFileError) -> Self {
        Self::KeyFile(Arc::new(error))
    }
}

impl From<RecordsError> for KeysError {
    fn from(error: RecordsError) -> Self {
        Self::Records(Arc::new(error))
    }
}

impl KeysError {
    /// Returns whether the records are unavailable, so that the same request may succeed later.
    #[must_use]
    pub fn is_for_want_of_records(&self) -> bool {
        matches!(self, Self::Records(error) if error.is_unavailable())
    }

    /// Returns whether the sealed bytes, or the key row that they were sealed under, are damaged.
    /// Damaged bytes will not open later either; every other error says nothing about them.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::NoSuchKey
                | Self::Keyring(
                    KeyringError::Unauthentic
                        | KeyringError::OtherWrapper { .. }
                        | KeyringError::VersionZero
                        // The start has opened a row with this pepper, so this row is to blame.
                        | KeyringError::WrongPepper { .. }
                )
        )
    }

    /// Returns the code with which KMS refused, if it did. An operator must change something first.
    #[must_use]
    pub fn kms_refusal(&self) -> Option<&str> {
        match self {
            Self::Keyring(KeyringError::Refused { code, .. }) => Some(code),
            _ => None,
        }
    }

    /// Returns whether the same request may succeed later, because KMS is away.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Keyring(error) if error.may_pass())
    }
}

impl MayPass for KeysError {
    fn may_pass(&self) -> bool {
        self.is_unavailable()
    }
}

//! Tries all the keys that the user gave on the data keys of a message.

use sealift_message::{EncryptedDataKey, EncryptionContext, general::AnyDataKey};

use crate::{Kek, Keyring, KeyringError, KmsReader, RawAesKeyring};

/// A key that opens data keys.
#[derive(Debug)]
pub enum WrappingKey {
    /// A raw AES key that the user holds.
    RawAes(RawAesKeyring),
    /// Keys in AWS KMS.
    Kms(KmsReader),
    /// A deployment's key-encryption key.
    Kek(Kek),
}

impl WrappingKey {
    /// Returns whether the data key names this key. A key is tried on no other data key.
    fn matches(&self, encrypted: &EncryptedDataKey) -> bool {
        match self {
            Self::RawAes(key) => key.matches(encrypted),
            Self::Kms(keys) => keys.matches(encrypted),
            Self::Kek(kek) => kek.matches(encrypted),
        }
    }

    async fn open(
        &self,
        encrypted: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<AnyDataKey, KeyringError> {
        match self {
            Self::RawAes(key) => key.open(encrypted, context),
            Self::Kms(keys) => keys.open(encrypted, context).await,
            Self::Kek(kek) => kek.open(encrypted, context).await.map(Into::into),
        }
    }
}

/// All the keys that may open a message.
#[derive(Debug, Default)]
pub struct WrappingKeys(Vec<WrappingKey>);

impl From<Vec<WrappingKey>> for WrappingKeys {
    fn from(keys: Vec<WrappingKey>) -> Self {
        Self(keys)
    }
}

impl WrappingKeys {
    /// Tries the data keys in the order of the message and returns the first one that opens. `context` is the
    /// whole encryption context: stored and required pairs.
    ///
    /// # Errors
    /// Returns [`KeyringError::NoneMatches`] if no given key encrypted a data key. Otherwise returns why the
    /// matching keys did not open theirs, and prefers an error that the user can fix.
    pub async fn open(
        &self,
        encrypted: &[EncryptedDataKey],
        context: &EncryptionContext,
    ) -> Result<AnyDataKey, KeyringError> {
        let mut why = KeyringError::NoneMatches;
        for data_key in encrypted {
            for key in self.0.iter().filter(|key| key.matches(data_key)) {
                match key.open(data_key, context).await {
                    Ok(opened) => return Ok(opened),
                    Err(error) => why = more_telling(why, error),
                }
            }
        }
        Err(why)
    }
}

/// Prefers an error that the user can fix to one that says only that a key does not fit.
fn more_telling(earlier: KeyringError, later: KeyringError) -> KeyringError {
    match earlier {
        KeyringError::NoneMatches | KeyringError::Unauthentic => later,
        _ => earlier,
    }
}

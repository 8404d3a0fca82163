//! All the keys that somebody has for a message, tried on the data keys that it has.

use sealift_message::{EncryptedDataKey, EncryptionContext, general::AnyDataKey};

use crate::{Kek, Keyring, KeyringError, KmsReader, RawAesKeyring};

/// A key that opens data keys.
#[derive(Debug)]
pub enum WrappingKey {
    /// A key that is at hand.
    RawAes(RawAesKeyring),
    /// Keys in AWS KMS.
    Kms(KmsReader),
    /// A deployment's key-encryption key.
    Kek(Kek),
}

impl WrappingKey {
    /// Whether the data key says that this key encrypted it: no other is tried.
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

/// Everything that may open a message.
#[derive(Debug, Default)]
pub struct WrappingKeys(Vec<WrappingKey>);

impl From<Vec<WrappingKey>> for WrappingKeys {
    fn from(keys: Vec<WrappingKey>) -> Self {
        Self(keys)
    }
}

impl WrappingKeys {
    /// Opens the first data key that opens, in the order of the message. `context` is the whole
    /// encryption context: stored and required pairs.
    ///
    /// # Errors
    /// [`KeyringError::NoneMatches`] where no data key is under a key that is here; else why the
    /// matching ones did not open, what can be helped first.
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

/// Something that can be helped stands before what only says that a key does not fit.
fn more_telling(earlier: KeyringError, later: KeyringError) -> KeyringError {
    match earlier {
        KeyringError::NoneMatches | KeyringError::Unauthentic => later,
        _ => earlier,
    }
}

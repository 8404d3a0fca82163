//! Data keys and where they come from. No database: what a keyring must remember it gives out as
//! encrypted data keys, [`KekRow`]s and blobs, of which nothing is secret, and the caller stores
//! them.
//!
//! - [`KmsKeyring`]: every data key is made and opened by AWS KMS.
//! - [`Kek`]: a tenant's key-encryption key encrypts data keys here. It comes out of a [`KekRow`]
//!   that is sealed under the [`KeyFile`] (DESIGN.md 3, `local`); [`kek_version_of`] says which row
//!   a data key needs.
//!
//! Both also give a tenant's [`RecordsKey`], for names and metadata at rest. [`KeyCache`] keeps
//! opened keys for a few minutes.
//!
//! With the feature `legacy-suites` `WrappingKeys` opens the data keys of messages that others
//! wrote, by whatever keys somebody has.

mod cache;
mod derive;
mod error;
mod kek;
mod key_file;
mod kms;
mod random;
#[cfg(feature = "legacy-suites")]
mod raw_aes;
mod records_key;
#[cfg(feature = "legacy-suites")]
mod wrapping_keys;

use std::fmt;

use async_trait::async_trait;
use sealift_message::{DataKey, EncryptedDataKey, EncryptionContext};

pub use cache::{KeyCache, TenantKey};
pub use error::KeyringError;
pub use kek::{Kek, KekRow, kek_version_of};
pub use key_file::{KeyFile, KeyFileError, KeyFileProblem};
pub use kms::{KmsConfig, KmsKeyring};
pub use records_key::{FINGERPRINT_LEN, RecordsKey};
#[cfg(feature = "legacy-suites")]
pub use {
    kms::{DiscoveryFilter, KmsKeys, KmsReach, KmsReader},
    raw_aes::RawAesKeyring,
    wrapping_keys::{WrappingKey, WrappingKeys},
};

/// Makes and opens encrypted data keys. Two implementations: [`KmsKeyring`] and [`Kek`].
#[async_trait]
pub trait Keyring: Send + Sync + fmt::Debug {
    /// A new data key, for one message, and its encrypted form. It opens with the same `context`
    /// only.
    ///
    /// # Errors
    /// [`KeyringError`]; never [`KeyringError::Unauthentic`].
    async fn make(
        &self,
        context: &EncryptionContext,
    ) -> Result<(DataKey, EncryptedDataKey), KeyringError>;

    /// Opens what `make` gave. `context` comes from the record, never from the message (R5).
    ///
    /// # Errors
    /// [`KeyringError::Unauthentic`] for another keyring's data key, another context and altered
    /// bytes; else [`KeyringError`].
    async fn open(
        &self,
        encrypted: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<DataKey, KeyringError>;
}

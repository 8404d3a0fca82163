//! Makes and opens data keys. The server calls this crate when it opens an upload or reads a file; the
//! command line calls it to decrypt without a server. The crate uses no database: encrypted data keys,
//! [`KekRow`]s and blobs go back to the caller, who stores them. Nothing in them is secret.
//!
//! - [`KmsKeyring`]: AWS KMS makes and opens every data key.
//! - [`Kek`]: a tenant's key-encryption key encrypts data keys in this process. The KEK itself is stored in a
//!   [`KekRow`], sealed under the [`KeyFile`] (the setting `local`), or under a KMS key and the [`Pepper`]
//!   (the setting `kek`). [`KekWrappers`] makes, opens and rewraps rows, and [`kek_version_of`] says which row
//!   a data key needs.
//!
//! Both also derive a tenant's [`RecordsKey`], which seals names and metadata in the database. [`KeyCache`]
//! keeps opened keys for an hour, and opens them again after five minutes.
//!
//! [`KmsSetup`] looks for the KMS key of a new deployment, and makes one.
//!
//! The feature `legacy-suites` adds `WrappingKeys`, which opens the data keys of messages that others wrote,
//! with the keys that the user has.

mod cache;
mod derive;
mod error;
mod kek;
mod key_file;
mod kms;
mod pepper;
mod random;
#[cfg(feature = "legacy-suites")]
mod raw_aes;
mod records_key;
#[cfg(feature = "legacy-suites")]
mod wrapping_keys;

use std::fmt;

use async_trait::async_trait;
use sealift_message::{DataKey, EncryptedDataKey, EncryptionContext};

pub use cache::{KeyCache, MayPass, TenantKey};
pub use error::KeyringError;
pub use kek::{Kek, KekRow, KekWrapper, KekWrappers, kek_version_of};
pub use key_file::{KeyFile, KeyFileError, KeyFileProblem};
pub use kms::{FoundKey, KeyArn, KmsConfig, KmsKeyring, KmsSetup, alias_in};
pub use pepper::{Pepper, PepperError, Peppers};
pub use records_key::{FINGERPRINT_LEN, RecordsKey};
#[cfg(feature = "legacy-suites")]
pub use {
    kms::{DiscoveryFilter, KmsKeys, KmsReach, KmsReader},
    raw_aes::RawAesKeyring,
    wrapping_keys::{WrappingKey, WrappingKeys},
};

/// Makes and opens encrypted data keys. [`KmsKeyring`] and [`Kek`] implement it.
#[async_trait]
pub trait Keyring: Send + Sync + fmt::Debug {
    /// Makes a new data key for one message, and its encrypted form. The encrypted form opens only with the
    /// same `context`.
    ///
    /// # Errors
    /// Fails with the [`KeyringError`] that says why, but never with [`KeyringError::Unauthentic`].
    async fn make(
        &self,
        context: &EncryptionContext,
    ) -> Result<(DataKey, EncryptedDataKey), KeyringError>;

    /// Opens an encrypted data key that `make` returned. `context` comes from the record, never from the
    /// message (R5).
    ///
    /// # Errors
    /// Returns [`KeyringError::Unauthentic`] if another keyring made the data key, the context differs or
    /// bytes were altered; otherwise the [`KeyringError`] that says why the keyring could not work.
    async fn open(
        &self,
        encrypted: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<DataKey, KeyringError>;
}

//! Key-encryption keys (KEKs). A tenant has one per version, stored sealed in a [`KekRow`]. A data key under
//! a KEK is an ordinary raw AES data key, which every AWS Encryption SDK opens with the KEK.

use std::fmt;

use async_trait::async_trait;
use sealift_message::{DataKey, EncryptedDataKey, EncryptionContext, unwrap_raw_aes, wrap_raw_aes};

use crate::{Keyring, KeyringError, RecordsKey, derive::KeyBytes, random};

mod row;
mod wrappers;

pub use row::KekRow;
pub use wrappers::{KekWrapper, KekWrappers};

/// The raw AES namespace of every KEK. This name can never change, because every stored header has it
/// (docs/FORMAT.md, names that are for ever).
const NAMESPACE: &str = "sealift";

/// A tenant's key-encryption key, opened; wiped when dropped, never printed and not cloned.
pub struct Kek {
    tenant: String,
    version: u32,
    key: KeyBytes,
    records_key: RecordsKey,
}

impl Kek {
    fn new(tenant: String, version: u32, key: KeyBytes) -> Self {
        let records_key = RecordsKey::derive(&key, &tenant);
        Self {
            tenant,
            version,
            key,
            records_key,
        }
    }

    /// Returns the version of this KEK, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the key that seals the tenant's names and metadata in the database. It is derived from this
    /// KEK, so each version gives another one.
    #[must_use]
    pub fn records_key(&self) -> &RecordsKey {
        &self.records_key
    }

    /// Returns the raw AES namespace and name by which other readers of the format know this key.
    #[must_use]
    pub fn namespace_and_name(&self) -> (&'static str, String) {
        (NAMESPACE, self.name())
    }

    /// Returns the key itself, for other readers of the format. With it, anybody can open every file of the
    /// tenant that was sealed under it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    /// Returns whether this KEK encrypted the data key, by the names in the data key.
    #[cfg(feature = "legacy-suites")]
    pub(crate) fn matches(&self, encrypted: &EncryptedDataKey) -> bool {
        encrypted.provider_id() == NAMESPACE
            && encrypted.raw_aes_key_name() == Some(self.name().as_str())
    }

    fn name(&self) -> String {
        format!("{}{}", name_without_version(&self.tenant), self.version)
    }
}

#[async_trait]
impl Keyring for Kek {
    async fn make(
        &self,
        context: &EncryptionContext,
    ) -> Result<(DataKey, EncryptedDataKey), KeyringError> {
        let data_key = random::data_key()?;
        let iv = random::iv()?;
        let encrypted = wrap_raw_aes(&self.key, NAMESPACE, &self.name(), &iv, &data_key, context)?;
        Ok((data_key, encrypted))
    }

    async fn open(
        &self,
        encrypted: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<DataKey, KeyringError> {
        let name = self.name();
        Ok(unwrap_raw_aes(
            &self.key, NAMESPACE, &name, encrypted, context,
        )?)
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kek({}, ..)", self.name())
    }
}

/// Returns the version of `tenant`'s KEK that opens this data key, or `None` if no KEK of the tenant does.
#[must_use]
pub fn kek_version_of(encrypted: &EncryptedDataKey, tenant: &str) -> Option<u32> {
    if encrypted.provider_id() != NAMESPACE {
        return None;
    }
    let name = encrypted.raw_aes_key_name()?;
    let digits = name.strip_prefix(&name_without_version(tenant))?;
    let version: u32 = digits.parse().ok()?;
    // A version has only one spelling: no sign, no leading zeros.
    (version > 0 && version.to_string() == digits).then_some(version)
}

/// Returns the name of a KEK up to its version, which follows in decimal.
fn name_without_version(tenant: &str) -> String {
    format!("tenant/{tenant}/kek/")
}

//! Key-encryption keys: one per tenant and version, kept sealed in a [`KekRow`]. Data keys under
//! one are ordinary raw AES data keys, which every AWS Encryption SDK opens with the KEK.

use std::fmt;

use async_trait::async_trait;
use sealift_message::{DataKey, EncryptedDataKey, EncryptionContext, unwrap_raw_aes, wrap_raw_aes};

use crate::{Keyring, KeyringError, RecordsKey, derive::KeyBytes, random};

mod row;

pub use row::KekRow;

/// The raw AES namespace of every KEK (FORMAT.md, names that are for ever).
const NAMESPACE: &str = "sealift";

/// A tenant's key-encryption key, opened. Wiped when dropped, never printed, not cloned.
pub struct Kek {
    tenant: String,
    version: u32,
    key: KeyBytes,
}

impl Kek {
    /// Which of the tenant's KEKs it is, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The key for the tenant's names and metadata at rest, as of this version.
    #[must_use]
    pub fn records_key(&self) -> RecordsKey {
        RecordsKey::derive(&self.key, &self.tenant)
    }

    /// The raw AES namespace and name that other readers of the format know it by.
    #[must_use]
    pub fn namespace_and_name(&self) -> (&'static str, String) {
        (NAMESPACE, self.name())
    }

    /// The key itself, for other readers of the format: whoever has it opens every file of the
    /// tenant that was sealed under it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    /// Whether it is the one that encrypted this data key.
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

/// Which version of `tenant`'s KEK opens this data key; `None` where it is under no KEK of theirs.
#[must_use]
pub fn kek_version_of(encrypted: &EncryptedDataKey, tenant: &str) -> Option<u32> {
    if encrypted.provider_id() != NAMESPACE {
        return None;
    }
    let name = encrypted.raw_aes_key_name()?;
    let digits = name.strip_prefix(&name_without_version(tenant))?;
    let version: u32 = digits.parse().ok()?;
    // One version has one spelling: no sign, no leading zeros.
    (version > 0 && version.to_string() == digits).then_some(version)
}

/// The version follows in decimal.
fn name_without_version(tenant: &str) -> String {
    format!("tenant/{tenant}/kek/")
}

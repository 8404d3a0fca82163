//! Connects the keyring with the records: decides which key makes and opens a tenant's data keys,
//! and holds the key that seals names, metadata and hashes at rest ([`sealed_fields`]).

use core::time::Duration;
use std::sync::Arc;

use sealift_keyring::{
    Kek, KeyCache, KeyFile, KeyFileError, Keyring, KeyringError, KmsConfig, KmsKeyring, RecordsKey,
    kek_version_of,
};
use sealift_message::{
    ContentKey, DataKey, EncryptedDataKey, EncryptionContext, Header, MessageId,
};
use sealift_transfer::api::{FileId, TenantId, UploadId};

use crate::{
    clock::Clock,
    config::{Config, KeyringConfig},
    records::{FileRow, Records, RecordsError},
};

pub(crate) mod context;
mod local_keks;
mod sealed_fields;

pub use local_keks::{LocalKeksError, local_keks};

/// The keys of a deployment. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    source: Source,
    records: Records,
    clock: Clock,
    records_keys: KeyCache<RecordsKey>,
    /// The content keys of files that were read a moment ago. [`crate::reading::decrypt::content_key`] reads
    /// this cache after the caller's permission was checked.
    pub(crate) content_keys: KeyCache<ContentKey, Sealing>,
}

/// Names the file and the upload that a content key belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Sealing {
    pub(crate) file_id: FileId,
    pub(crate) upload_id: UploadId,
    pub(crate) message_id: MessageId,
}

/// How long an unused content key stays in the cache. Together with the wait of [`WIPED_EVERY`], no
/// unused content key is in memory for more than a minute.
const CONTENT_KEYS_KEPT_FOR: Duration = Duration::from_secs(50);

/// The interval at which [`Keys::drop_old`] must be called.
pub(crate) const WIPED_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
enum Source {
    Local {
        key_file: Arc<KeyFile>,
        keks: KeyCache<Kek>,
    },
    Kms(Arc<KmsKeyring>),
}

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
                )
        )
    }

    /// Returns whether the same request may succeed later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Keyring(KeyringError::Unavailable { .. } | KeyringError::NoCredentials)
        )
    }
}

/// The version in a sealed record that means "no KEK": the tenant's records key is its own data
/// key.
const NO_KEK: u32 = 0;
const FIRST_KEK: u32 = 1;

impl Keys {
    /// Opens the key file and proves that it belongs to this database, or proves that KMS answers.
    ///
    /// # Errors
    /// Returns a [`KeysError`]; the server must not start then.
    pub(crate) async fn open(
        config: &Config,
        records: Records,
        clock: Clock,
    ) -> Result<Self, KeysError> {
        let source = match &config.keyring {
            KeyringConfig::Local => Source::Local {
                key_file: Arc::new(key_file(config, &records).await?),
                keks: KeyCache::default(),
            },
            KeyringConfig::Kms { key, endpoint } => {
                let config = KmsConfig {
                    key: key.clone(),
                    endpoint: endpoint.clone(),
                    region: config.region.clone(),
                };
                let kms = KmsKeyring::connect(&config).await;
                let arn = kms.prove().await?;
                tracing::info!(kms.key = arn, "Data keys are made by {arn}");
                Source::Kms(Arc::new(kms))
            }
        };
        Ok(Self {
            source,
            records,
            clock,
            records_keys: KeyCache::default(),
            content_keys: KeyCache::keeping_for(CONTENT_KEYS_KEPT_FOR),
        })
    }

    /// Wipes the keys that have been in memory for long enough.
    pub(crate) fn drop_old(&self) {
        self.records_keys.drop_old();
        self.content_keys.drop_old();
        if let Source::Local { keks, .. } = &self.source {
            keks.drop_old();
        }
    }

    /// Wipes the content key of a file that no longer exists.
    pub(crate) fn forget(&self, file: &FileRow) {
        self.content_keys.drop_key(&Sealing {
            file_id: file.file_id.clone(),
            upload_id: file.upload_id.clone(),
            message_id: MessageId::from_bytes(file.message_id),
        });
    }

    /// Makes a new data key for one message of this tenant.
    pub(crate) async fn make(
        &self,
        tenant: &TenantId,
        context: &EncryptionContext,
    ) -> Result<(DataKey, EncryptedDataKey), KeysError> {
        match &self.source {
            Source::Local { .. } => Ok(self.newest_kek(tenant).await?.make(context).await?),
            Source::Kms(kms) => Ok(kms.make(context).await?),
        }
    }

    /// Opens the data key of a message, whose header and context are those of the record (R5).
    pub(crate) async fn open_data_key(
        &self,
        tenant: &TenantId,
        header: &Header,
        context: &EncryptionContext,
    ) -> Result<DataKey, KeysError> {
        // Our headers have exactly one encrypted data key (R5); `parse_own` refuses others.
        let encrypted = header.encrypted_data_keys();
        let encrypted = encrypted.first().ok_or(KeysError::NoSuchKey)?;
        match &self.source {
            Source::Local { .. } => {
                let version = kek_version_of(encrypted, tenant.as_str());
                let kek = self
                    .kek(tenant, version.ok_or(KeysError::NoSuchKey)?)
                    .await?;
                Ok(kek.open(encrypted, context).await?)
            }
            Source::Kms(kms) => Ok(kms.open(encrypted, context).await?),
        }
    }

    async fn newest_kek(&self, tenant: &TenantId) -> Result<Arc<Kek>, KeysError> {
        let Source::Local { key_file, .. } = &self.source else {
            return Err(KeysError::NoSuchKey);
        };
        let row = match self.records.newest_kek(tenant).await? {
            Some(row) => row,
            None => {
                let (row, _) = key_file.make_kek(tenant.as_str(), FIRST_KEK)?;
                // If two servers make it at once, both continue with the row that was stored first.
                self.records.add_kek(row, self.clock.now()).await?
            }
        };
        self.kek(tenant, row.version).await
    }

    async fn kek(&self, tenant: &TenantId, version: u32) -> Result<Arc<Kek>, KeysError> {
        let Source::Local { key_file, keks } = &self.source else {
            return Err(KeysError::NoSuchKey);
        };
        let open = async {
            let row = self.records.kek(tenant, version).await?;
            Ok(key_file.open_kek(&row.ok_or(KeysError::NoSuchKey)?)?)
        };
        keks.get_or_open((tenant.to_string(), version), open).await
    }

    async fn records_key(
        &self,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Arc<RecordsKey>, KeysError> {
        let open = async {
            match &self.source {
                Source::Local { .. } => Ok(self.kek(tenant, version).await?.records_key()),
                Source::Kms(_) if version != NO_KEK => Err(KeysError::NoSuchKey),
                Source::Kms(kms) => {
                    if let Some(blob) = self.records.records_key_blob(tenant).await? {
                        return Ok(kms.open_records_key(tenant.as_str(), &blob).await?);
                    }
                    let (key, blob) = kms.make_records_key(tenant.as_str()).await?;
                    let now = self.clock.now();
                    let kept = self
                        .records
                        .add_records_key_blob(tenant, blob.clone(), now)
                        .await?;
                    if kept == blob {
                        return Ok(key);
                    }
                    Ok(kms.open_records_key(tenant.as_str(), &kept).await?)
                }
            }
        };
        let cache = &self.records_keys;
        cache.get_or_open((tenant.to_string(), version), open).await
    }
}

/// Loads the key file, and makes a new one only for a new deployment. If rows exist, the key file
/// must exist and open them; with another key file every upload would be lost without an
/// explanation.
async fn key_file(config: &Config, records: &Records) -> Result<KeyFile, KeysError> {
    let Some(row) = records.any_kek().await? else {
        return Ok(KeyFile::load_or_make(&config.key_file)?);
    };
    let key_file = KeyFile::load(&config.key_file)?;
    match key_file.open_kek(&row) {
        Err(KeyringError::Unauthentic) => Err(KeysError::OtherKeyFile),
        opened => Ok(opened.map(|_| key_file)?),
    }
}

#[cfg(test)]
mod tests;

//! Connects the keyrings with the records. The setting says which keyring makes new keys; each file and each
//! key row says which one opens it, so that a deployment may move from one keyring to another. The same keys
//! seal names, metadata and hashes at rest ([`sealed_fields`]).

use core::{ops::Deref, time::Duration};
use std::sync::Arc;

use sealift_keyring::{
    Kek, KekWrappers, KeyCache, Keyring as _, KeyringError, KmsKeyring, RecordsKey, kek_version_of,
};
use sealift_message::{
    ContentKey, DataKey, EncryptedDataKey, EncryptionContext, Header, MessageId, suite::AWS_KMS,
};
use sealift_transfer::api::{FileId, TenantId, UploadId};

use self::{kms_calls::KmsCalls, kms_state::KmsState, wraps::Wraps};
use crate::{
    clock::Clock,
    config::{Config, Keyring},
    records::{AuditAction, AuditRow, FileRow, Records},
};

mod at_start;
pub(crate) mod context;
mod error;
mod keks;
mod kms_calls;
mod kms_state;
mod rewrapping;
mod sealed_fields;
mod stored_keks;
mod versions;
mod wraps;

pub(crate) use at_start::{connect as connect_kms, kms_config};
pub use error::KeysError;
pub use rewrapping::{NotMoved, RewrapReport, rewrap_keys};
pub use stored_keks::{StoredKeksError, all_stored_keks, audit_export, stored_keks};
pub use versions::{KeyCommandError, list_keys, rotate_keys, shred_keys};
pub(crate) use wraps::MOST_WRAPS;

/// The keys of a deployment. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    makes: Keyring,
    wrappers: KekWrappers,
    /// The ARN of the KMS key that makes new keys, if the setting uses KMS.
    kms_arn: Option<String>,
    records: Records,
    clock: Clock,
    keks: KeyCache<Kek>,
    /// The records keys of tenants that have one of KMS's. The others derive theirs from a KEK.
    records_keys: KeyCache<RecordsKey>,
    wraps: Arc<Wraps>,
    kms_calls: Arc<KmsCalls>,
    kms_state: Arc<KmsState>,
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

/// The version in a sealed record that means "no KEK": the tenant's records key is derived from a KMS data
/// key of its own.
const NO_KEK: u32 = 0;

impl Keys {
    /// Opens everything that the deployment's keys need, and proves it: the key file and the peppers open the
    /// key rows, and KMS makes keys if the setting needs it.
    ///
    /// # Errors
    /// Returns a [`KeysError`]; the server must not start then.
    pub(crate) async fn open(
        config: &Config,
        records: Records,
        clock: Clock,
    ) -> Result<Self, KeysError> {
        let (wrappers, kms_arn) = at_start::wrappers(config, &records).await?;
        Ok(Self {
            makes: config.keyring,
            wrappers,
            kms_arn,
            records,
            clock,
            keks: KeyCache::default(),
            records_keys: KeyCache::default(),
            wraps: Arc::default(),
            kms_calls: Arc::default(),
            kms_state: Arc::default(),
            content_keys: KeyCache::keeping_for(CONTENT_KEYS_KEPT_FOR),
        })
    }

    /// Wipes the keys that have been in memory for long enough.
    pub(crate) fn drop_old(&self) {
        self.records_keys.drop_old();
        self.content_keys.drop_old();
        self.keks.drop_old();
    }

    /// Wipes the content key of a file that no longer exists.
    pub(crate) fn forget(&self, file: &FileRow) {
        self.content_keys.drop_key(&Sealing {
            file_id: file.file_id.clone(),
            upload_id: file.upload_id.clone(),
            message_id: MessageId::from_bytes(file.message_id),
        });
    }

    /// Returns for how many seconds KMS has not answered, or `None` if it answered last or was never asked.
    pub(crate) fn kms_away_seconds(&self) -> Option<u64> {
        let since = self.kms_state.away_since()?;
        Some(self.clock.now().since(since).as_secs())
    }

    /// Makes a new data key for one message of this tenant.
    pub(crate) async fn make(
        &self,
        tenant: &TenantId,
        context: &EncryptionContext,
    ) -> Result<(DataKey, EncryptedDataKey), KeysError> {
        match self.makes {
            Keyring::Local | Keyring::Kek => {
                let kek = Box::pin(self.kek_to_wrap_with(tenant)).await?;
                Ok(kek.make(context).await?)
            }
            Keyring::Kms => self.ask_kms(tenant, self.kms()?.make(context)).await,
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
        if encrypted.provider_id() == AWS_KMS {
            let opening = self.kms()?.open(encrypted, context);
            return self.ask_kms(tenant, opening).await;
        }
        let version = kek_version_of(encrypted, tenant.as_str());
        let kek = self
            .kek(tenant, version.ok_or(KeysError::NoSuchKey)?)
            .await?;
        Ok(kek.open(encrypted, context).await?)
    }

    fn audited(&self, action: AuditAction, tenant: &str, version: Option<u32>) -> AuditRow {
        let subject = match version {
            Some(version) => format!("{tenant}/{version}"),
            None => tenant.to_owned(),
        };
        versions::audited(self.clock.now(), action, subject)
    }

    fn kms(&self) -> Result<&KmsKeyring, KeysError> {
        self.wrappers.kms.as_deref().ok_or(KeysError::NoSuchKey)
    }

    /// Makes a call of KMS, as soon as the tenant may have one more, and notes whether KMS answered.
    async fn ask_kms<T>(
        &self,
        tenant: &TenantId,
        call: impl Future<Output = Result<T, KeyringError>>,
    ) -> Result<T, KeysError> {
        let _permit = self.kms_calls.permit(tenant).await;
        let result = call.await;
        self.kms_state.note(&result, self.clock.now());
        Ok(result?)
    }

    /// Returns the key that seals the tenant's fields of this version.
    async fn records_key(
        &self,
        tenant: &TenantId,
        version: u32,
    ) -> Result<OpenedRecordsKey, KeysError> {
        if version != NO_KEK {
            return Ok(OpenedRecordsKey::OfKek(self.kek(tenant, version).await?));
        }
        let cache = &self.records_keys;
        let key = cache.get_or_refresh(
            (tenant.to_string(), NO_KEK),
            Box::pin(self.kms_records_key(tenant)),
        );
        Ok(OpenedRecordsKey::OfKms(key.await?))
    }

    /// Opens the tenant's records key by KMS, and makes it first if there is none.
    async fn kms_records_key(&self, tenant: &TenantId) -> Result<RecordsKey, KeysError> {
        let kms = self.kms()?;
        let blob = match self.records.records_key_blob(tenant).await? {
            Some(blob) => blob,
            None => {
                let making = kms.make_records_key(tenant.as_str());
                let (key, blob) = self.ask_kms(tenant, making).await?;
                let now = self.clock.now();
                let kept = self
                    .records
                    .add_records_key_blob(tenant, blob.clone(), now)
                    .await?;
                if kept == blob {
                    return Ok(key);
                }
                kept
            }
        };
        let opening = kms.open_records_key(tenant.as_str(), &blob);
        self.ask_kms(tenant, opening).await
    }
}

/// The key that seals a tenant's fields, kept alive by what it was derived from.
enum OpenedRecordsKey {
    OfKek(Arc<Kek>),
    OfKms(Arc<RecordsKey>),
}

impl Deref for OpenedRecordsKey {
    type Target = RecordsKey;

    fn deref(&self) -> &RecordsKey {
        match self {
            Self::OfKek(kek) => kek.records_key(),
            Self::OfKms(key) => key,
        }
    }
}

#[cfg(test)]
mod tests;

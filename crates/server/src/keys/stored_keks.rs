//! Opens the key-encryption keys of a deployment with the keyring `local` or `kek`, for commands that open
//! objects without a server. An operator runs them, whether or not a server is running.

use std::sync::Arc;

use sealift_keyring::{
    Kek, KekRow, KekWrapper, KekWrappers, KeyFile, KeyFileError, KeyringError, kek_version_of,
};
use sealift_message::EncryptedDataKey;
use sealift_transfer::api::TenantId;

use super::{at_start::connect, versions::audited};
use crate::{
    clock::Clock,
    config::Config,
    records::{AuditAction, NoDatabase, ReadOnlyRecords, RecordsError, add_audit_to, existing},
};

/// The reasons why a deployment's keys are not available. Holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoredKeksError {
    /// The database does not exist.
    #[error(transparent)]
    NoDatabase(#[from] NoDatabase),
    /// The database cannot be read.
    #[error("the database cannot be read")]
    Records(#[from] RecordsError),
    /// The key file cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// KMS or the pepper does not open the row.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The key file does not open the row.
    #[error("the key file is not the one of this database; name the right one")]
    OtherKeyFile(#[source] KeyringError),
    /// The audit cannot be written.
    #[error(
        "the export cannot be written to the audit of the database, so no key was written; run this \
         where the database can be written"
    )]
    NotAudited(#[source] RecordsError),
}

/// Returns the tenant's KEKs that encrypted these data keys, as far as the deployment has them.
/// This only reads: it makes no key, row or file.
///
/// # Errors
/// Returns a [`StoredKeksError`] if the database or the key file cannot be used.
pub async fn stored_keks(
    config: &Config,
    tenant: &TenantId,
    encrypted: &[EncryptedDataKey],
) -> Result<Vec<Kek>, StoredKeksError> {
    let mut records = ReadOnlyRecords::open(&existing(config.database_file())?).await?;
    let mut rows = Vec::new();
    for key in encrypted {
        if let Some(version) = kek_version_of(key, tenant.as_str()) {
            rows.extend(records.kek(tenant, version).await?);
        }
    }
    records.close().await?;
    open(config, &rows).await
}

/// Returns all versions of the tenant's KEK that are not destroyed. This only reads, too.
///
/// # Errors
/// Returns a [`StoredKeksError`] if the database cannot be used, or if one of the rows does not open.
pub async fn all_stored_keks(
    config: &Config,
    tenant: &TenantId,
) -> Result<Vec<Kek>, StoredKeksError> {
    let mut records = ReadOnlyRecords::open(&existing(config.database_file())?).await?;
    let rows = records.keks(tenant).await?;
    records.close().await?;
    open(config, &rows).await
}

/// Writes to the audit that these KEKs are exported. The entries are durable when this returns, so that no key leaves
/// without a trace. The schema of the database stays as it is, because it may be a copy of an earlier version.
///
/// # Errors
/// Returns [`StoredKeksError::NotAudited`] if the database cannot be written.
pub async fn audit_export(
    config: &Config,
    tenant: &TenantId,
    keks: &[Kek],
) -> Result<(), StoredKeksError> {
    let now = Clock::system().now();
    let rows = keks.iter().map(|kek| {
        let subject = format!("{tenant}/{}", kek.version());
        audited(now, AuditAction::ExportKey, subject)
    });
    let file = existing(config.database_file())?;
    let added = add_audit_to(&file, rows.collect()).await;
    added.map_err(StoredKeksError::NotAudited)
}

/// Opens each row by what wrapped it. Only what the rows need is loaded.
async fn open(config: &Config, rows: &[KekRow]) -> Result<Vec<Kek>, StoredKeksError> {
    let mut wrappers = KekWrappers {
        peppers: config.peppers.clone(),
        ..KekWrappers::default()
    };
    let mut keks = Vec::with_capacity(rows.len());
    for row in rows {
        let by = KekWrapper::of(row);
        match by {
            KekWrapper::KeyFile if wrappers.key_file.is_none() => {
                wrappers.key_file = Some(Arc::new(KeyFile::load(&config.key_file)?));
            }
            KekWrapper::KmsAndPepper if wrappers.kms.is_none() => {
                wrappers.kms = Some(Arc::new(connect(config).await));
            }
            KekWrapper::KeyFile | KekWrapper::KmsAndPepper => {}
        }
        keks.push(wrappers.open(row).await.map_err(|error| match by {
            KekWrapper::KeyFile => StoredKeksError::OtherKeyFile(error),
            KekWrapper::KmsAndPepper => error.into(),
        })?);
    }
    Ok(keks)
}

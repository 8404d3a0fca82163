//! Opens the key-encryption keys of a deployment with the keyring `local` or `kek`, for commands that open
//! objects without a server. An operator runs them, whether or not a server is running.

use std::sync::Arc;

use sealift_keyring::{
    Kek, KekRow, KekWrapper, KekWrappers, KeyFile, KeyFileError, KeyringError, kek_version_of,
};
use sealift_message::EncryptedDataKey;
use sealift_transfer::api::TenantId;

use super::at_start::connect;
use crate::{
    config::Config,
    deployment::DeploymentError,
    records::{ReadOnlyRecords, RecordsError},
};

/// The reasons why a deployment's keys are not available. Holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoredKeksError {
    /// The operator meant another folder, or there never was a database.
    #[error(transparent)]
    NoDatabase(DeploymentError),
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
    let file = config.database_file();
    if !file.is_file() {
        return Err(StoredKeksError::NoDatabase(DeploymentError::NoDatabase(
            file,
        )));
    }
    let mut records = ReadOnlyRecords::open(&file).await?;
    let mut keks = Vec::new();
    for key in encrypted {
        let Some(version) = kek_version_of(key, tenant.as_str()) else {
            continue;
        };
        if let Some(row) = records.kek(tenant, version).await? {
            keks.push(open(config, &row).await?);
        }
    }
    records.close().await?;
    Ok(keks)
}

/// Opens a row by what wrapped it. Nothing else is needed, so nothing else is loaded.
async fn open(config: &Config, row: &KekRow) -> Result<Kek, StoredKeksError> {
    let mut wrappers = KekWrappers::default();
    match KekWrapper::of(row) {
        KekWrapper::KeyFile => {
            wrappers.key_file = Some(Arc::new(KeyFile::load(&config.key_file)?));
            let opened = wrappers.open(row).await;
            opened.map_err(StoredKeksError::OtherKeyFile)
        }
        KekWrapper::KmsAndPepper => {
            wrappers.kms = Some(Arc::new(connect(config).await));
            wrappers.peppers.clone_from(&config.peppers);
            Ok(wrappers.open(row).await?)
        }
    }
}

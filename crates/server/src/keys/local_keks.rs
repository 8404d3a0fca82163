//! Opens the key-encryption keys of a deployment with the `local` keyring, for commands that open
//! objects without a server. An operator runs them, whether or not a server is running.

use sealift_keyring::{Kek, KeyFile, KeyFileError, KeyringError, kek_version_of};
use sealift_message::EncryptedDataKey;
use sealift_transfer::api::TenantId;

use crate::{
    config::Config,
    deployment::DeploymentError,
    records::{ReadOnlyRecords, RecordsError},
};

/// The reasons why a deployment's keys are not available. Holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalKeksError {
    /// The operator meant another folder, or there never was a database.
    #[error(transparent)]
    NoDatabase(DeploymentError),
    /// The database cannot be read.
    #[error("the database cannot be read")]
    Records(#[from] RecordsError),
    /// The key file cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The key file does not open the row.
    #[error("the key file is not the one of this database; name the right one")]
    OtherKeyFile(#[source] KeyringError),
}

/// Returns the tenant's KEKs that encrypted these data keys, as far as the deployment has them.
/// This only reads: it makes no key, row or file.
///
/// # Errors
/// Returns a [`LocalKeksError`] if the database or the key file cannot be used.
pub async fn local_keks(
    config: &Config,
    tenant: &TenantId,
    encrypted: &[EncryptedDataKey],
) -> Result<Vec<Kek>, LocalKeksError> {
    let file = config.database_file();
    if !file.is_file() {
        return Err(LocalKeksError::NoDatabase(DeploymentError::NoDatabase(
            file,
        )));
    }
    let key_file = KeyFile::load(&config.key_file)?;
    let mut records = ReadOnlyRecords::open(&file).await?;
    let mut keks = Vec::new();
    for key in encrypted {
        let Some(version) = kek_version_of(key, tenant.as_str()) else {
            continue;
        };
        if let Some(row) = records.kek(tenant, version).await? {
            keks.push(
                key_file
                    .open_kek(&row)
                    .map_err(LocalKeksError::OtherKeyFile)?,
            );
        }
    }
    records.close().await?;
    Ok(keks)
}

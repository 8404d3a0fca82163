//! Opens the key file, the peppers and KMS at the start of a server, and proves that they belong to this
//! database. With other ones, every upload would be lost without an explanation.

use std::sync::Arc;

use sealift_keyring::{
    KekRow, KekWrapper, KekWrappers, KeyFile, KeyringError, KmsConfig, KmsKeyring,
};

use super::KeysError;
use crate::{
    config::{Config, Keyring},
    records::Records,
};

/// Returns what the deployment has to open its keys with, and the ARN of the KMS key that makes new ones, if the
/// setting uses KMS.
pub(super) async fn wrappers(
    config: &Config,
    records: &Records,
) -> Result<(KekWrappers, Option<String>), KeysError> {
    let rows = records.kek_of_each_wrapper().await?;
    let (kms, kms_arn) = kms(config, records, &rows).await?;
    let wrappers = KekWrappers {
        key_file: key_file(config, &rows)?,
        kms,
        peppers: config.peppers.clone(),
    };
    for row in &rows {
        prove(&wrappers, row).await?;
    }
    Ok((wrappers, kms_arn))
}

/// Loads the key file if rows need it, and makes a new one only for a new deployment.
fn key_file(config: &Config, rows: &[KekRow]) -> Result<Option<Arc<KeyFile>>, KeysError> {
    let is_needed = rows
        .iter()
        .any(|row| KekWrapper::of(row) == KekWrapper::KeyFile);
    let key_file = match (is_needed, config.keyring) {
        (true, _) => KeyFile::load(&config.key_file)?,
        (false, Keyring::Local) => KeyFile::load_or_make(&config.key_file)?,
        (false, Keyring::Kms | Keyring::Kek) => return Ok(None),
    };
    Ok(Some(Arc::new(key_file)))
}

/// Connects to KMS if the setting or anything in the database needs it. If new keys are made by KMS, this
/// proves that it makes and opens one, and returns the ARN of its key.
async fn kms(
    config: &Config,
    records: &Records,
    rows: &[KekRow],
) -> Result<(Option<Arc<KmsKeyring>>, Option<String>), KeysError> {
    let makes = config.keyring != Keyring::Local;
    let has_rows = rows
        .iter()
        .any(|row| KekWrapper::of(row) == KekWrapper::KmsAndPepper);
    if !makes && !has_rows && !records.has_records_key_blob().await? {
        return Ok((None, None));
    }
    let kms = Arc::new(connect(config).await);
    if !makes {
        return Ok((Some(kms), None));
    }
    let arn = kms.prove().await?;
    tracing::info!(kms.key = arn, "New keys are made by {arn}");
    Ok((Some(kms), Some(arn)))
}

/// Returns a client of KMS. Opening asks with the ARN of the row or of the header; the key of the settings only
/// makes keys.
pub(crate) async fn connect(config: &Config) -> KmsKeyring {
    let key = config.kms_key.as_deref().unwrap_or_default();
    KmsKeyring::connect(&kms_config(config, key)).await
}

/// Returns how to reach KMS by the settings, for this key.
pub(crate) fn kms_config(config: &Config, key: &str) -> KmsConfig {
    KmsConfig {
        key: key.to_owned(),
        endpoint: config.kms_endpoint.clone(),
        region: config.region.clone(),
    }
}

/// Opens one row of each wrapper. A wrong key file or pepper ends the start. A KMS key that refuses does not,
/// because it may be an old one whose files nobody reads any more.
async fn prove(wrappers: &KekWrappers, row: &KekRow) -> Result<(), KeysError> {
    match wrappers.open(row).await {
        Ok(_) => Ok(()),
        Err(KeyringError::Unauthentic) if KekWrapper::of(row) == KekWrapper::KeyFile => {
            Err(KeysError::OtherKeyFile)
        }
        Err(
            error @ (KeyringError::Refused { .. }
            | KeyringError::Unavailable { .. }
            | KeyringError::NoCredentials),
        ) => {
            tracing::warn!(
                kms.key = row.wrapped_by,
                "The key row of tenant {} in version {} does not open now: {error}",
                row.tenant,
                row.version
            );
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

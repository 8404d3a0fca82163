//! Moves key rows under the KMS key, the pepper or the key file that the settings name now. The keys inside stay
//! the same, so no object changes. The work may be interrupted anywhere and repeated, and servers may serve
//! meanwhile: each row is replaced at once, and only if it is still the row that was opened.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sealift_keyring::{KekRow, KekWrapper};

use super::{
    KeyCommandError, Keys, KeysError,
    versions::{PAGE, open_records},
};
use crate::{
    clock::Clock,
    config::Config,
    records::{AuditAction, Records},
};

/// The most rows that are moved at the same time. Each waits for two calls of KMS, and KMS allows thousands a
/// second.
const AT_ONCE: usize = 16;

/// The result of a whole run.
#[derive(Debug, Clone, Default)]
pub struct RewrapReport {
    /// The number of rows that were moved.
    pub moved: u64,
    /// The number of rows that were there already, or that somebody else has moved meanwhile.
    pub were_there: u64,
    /// The rows that stay under their old wrapper.
    pub failed: Vec<NotMoved>,
}

/// A row that could not be moved.
#[derive(Debug, Clone)]
pub struct NotMoved {
    /// The tenant of the row.
    pub tenant: String,
    /// The version of the KEK; `None` is the tenant's records key under KMS.
    pub version: Option<u32>,
    /// The reason.
    pub error: KeysError,
}

/// The result for one row: true if it was moved, false if it was there already.
type Moved = Result<bool, NotMoved>;

impl RewrapReport {
    fn add(&mut self, moved: Moved) {
        match moved {
            Ok(true) => self.moved = self.moved.saturating_add(1),
            Ok(false) => self.were_there = self.were_there.saturating_add(1),
            Err(failed) => self.failed.push(failed),
        }
    }
}

/// Moves every key row under the wrapper that the settings name. Under the keyring `kms` these are only the records
/// keys.
///
/// # Errors
/// Returns a [`KeyCommandError`] if the run cannot begin or the database fails. Rows that KMS or the pepper
/// refuse are in the report.
pub async fn rewrap_keys(config: &Config) -> Result<RewrapReport, KeyCommandError> {
    let records = open_records(config).await?;
    let report = rewrap(config, records.clone()).await;
    records.close().await;
    report
}

async fn rewrap(config: &Config, records: Records) -> Result<RewrapReport, KeyCommandError> {
    let keys = Keys::open(config, records, Clock::system()).await?;
    let mut report = RewrapReport::default();
    if let Ok(wrapper) = keys.wrapper() {
        let mut after = (String::new(), 0);
        loop {
            let page = keys.records.keks_after(&after.0, after.1, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = (last.row.tenant.clone(), last.row.version);
            let rows = stream::iter(page).map(|kept| move_row(&keys, wrapper, kept.row));
            let rows: Vec<_> = rows.buffer_unordered(AT_ONCE).try_collect().await?;
            rows.into_iter().for_each(|moved| report.add(moved));
        }
    }
    if let Some(arn) = &keys.kms_arn {
        let mut after = String::new();
        loop {
            let page = keys.records.records_key_blobs_after(&after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            let blobs =
                stream::iter(page).map(|(tenant, blob)| move_records_key(&keys, arn, tenant, blob));
            let blobs: Vec<_> = blobs.buffer_unordered(AT_ONCE).try_collect().await?;
            blobs.into_iter().for_each(|moved| report.add(moved));
        }
    }
    Ok(report)
}

/// Returns whether the row is sealed already as the settings say.
fn is_there(keys: &Keys, wrapper: KekWrapper, row: &KekRow) -> bool {
    match (wrapper, &keys.wrappers.peppers) {
        (KekWrapper::KeyFile, _) => KekWrapper::of(row) == KekWrapper::KeyFile,
        (KekWrapper::KmsAndPepper, None) => false,
        (KekWrapper::KmsAndPepper, Some(peppers)) => {
            keys.kms_arn.as_ref() == Some(&row.wrapped_by)
                && row.pepper_version == peppers.newest().version()
        }
    }
}

async fn move_row(keys: &Keys, wrapper: KekWrapper, row: KekRow) -> Result<Moved, KeysError> {
    if is_there(keys, wrapper, &row) {
        return Ok(Ok(false));
    }
    let moved = match keys.wrappers.rewrap(wrapper, &row).await {
        Ok(moved) => moved,
        Err(error) => {
            return Ok(Err(NotMoved {
                tenant: row.tenant,
                version: Some(row.version),
                error: error.into(),
            }));
        }
    };
    let audited = keys.audited(AuditAction::RewrapKey, &row.tenant, Some(row.version));
    Ok(Ok(keys.records.replace_kek(&row, moved, audited).await?))
}

async fn move_records_key(
    keys: &Keys,
    arn: &str,
    tenant: String,
    blob: Vec<u8>,
) -> Result<Moved, KeysError> {
    let moved = match keys.kms()?.rewrap_records_key(&tenant, &blob, arn).await {
        Ok(None) => return Ok(Ok(false)),
        Ok(Some(moved)) => moved,
        Err(error) => {
            return Ok(Err(NotMoved {
                tenant,
                version: None,
                error: error.into(),
            }));
        }
    };
    let audited = keys.audited(AuditAction::RewrapKey, &tenant, None);
    let records = &keys.records;
    let replaced = records.replace_records_key_blob(&tenant, blob, moved, audited);
    Ok(Ok(replaced.await?))
}

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
    config::{Config, Keyring},
    records::{AuditAction, Records},
};

/// The most rows that are moved at the same time. Each waits for two calls of KMS, and KMS allows thousands a
/// second.
const AT_ONCE: usize = 16;

/// What became of one row.
#[derive(Debug, Clone)]
pub enum Rewrapped {
    /// It is under the new wrapper now.
    Moved,
    /// It was there already, or somebody else has moved it meanwhile.
    WasThere,
    /// It stays under its old wrapper.
    Failed {
        /// The tenant of the row.
        tenant: String,
        /// The version of the KEK; `None` is the tenant's records key under KMS.
        version: Option<u32>,
        /// The reason.
        error: KeysError,
    },
}

/// The result of a whole run.
#[derive(Debug, Clone, Default)]
pub struct RewrapReport {
    /// The number of rows that were moved.
    pub moved: u64,
    /// The number of rows that were there already.
    pub were_there: u64,
    /// The rows that could not be moved.
    pub failed: Vec<Rewrapped>,
}

/// Moves every key row under the wrapper that the settings name, and reports each row to `on_row`. Under the
/// keyring `kms` these are only the records keys.
///
/// # Errors
/// Returns a [`KeyCommandError`] if the run cannot begin or the database fails. Rows that KMS or the pepper
/// refuse are in the report.
pub async fn rewrap_keys(
    config: &Config,
    on_row: impl FnMut(&Rewrapped),
) -> Result<RewrapReport, KeyCommandError> {
    let records = open_records(config).await?;
    let report = rewrap(config, records.clone(), on_row).await;
    records.close().await;
    report
}

async fn rewrap(
    config: &Config,
    records: Records,
    mut on_row: impl FnMut(&Rewrapped),
) -> Result<RewrapReport, KeyCommandError> {
    let keys = Keys::open(config, records, Clock::system()).await?;
    let target = Target::of(&keys).await?;
    let mut report = RewrapReport::default();
    let mut add = |rewrapped: Rewrapped| {
        on_row(&rewrapped);
        match rewrapped {
            Rewrapped::Moved => report.moved = report.moved.saturating_add(1),
            Rewrapped::WasThere => report.were_there = report.were_there.saturating_add(1),
            failed @ Rewrapped::Failed { .. } => report.failed.push(failed),
        }
    };
    if let Some(wrapper) = target.wrapper {
        let mut after = (String::new(), 0);
        loop {
            let page = keys.records.keks_after(&after.0, after.1, PAGE).await;
            let page = page.map_err(KeysError::from)?;
            let Some(last) = page.last() else { break };
            after = (last.row.tenant.clone(), last.row.version);
            let rows = stream::iter(page).map(|kept| target.move_row(&keys, wrapper, kept.row));
            let rows: Vec<_> = rows.buffer_unordered(AT_ONCE).try_collect().await?;
            rows.into_iter().for_each(&mut add);
        }
    }
    if let Some(arn) = &target.arn {
        let mut after = String::new();
        loop {
            let page = keys.records.records_key_blobs_after(&after, PAGE).await;
            let page = page.map_err(KeysError::from)?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            let blobs =
                stream::iter(page).map(|(tenant, blob)| move_records_key(&keys, arn, tenant, blob));
            let blobs: Vec<_> = blobs.buffer_unordered(AT_ONCE).try_collect().await?;
            blobs.into_iter().for_each(&mut add);
        }
    }
    Ok(report)
}

/// The wrapper that the settings name.
struct Target {
    /// The kind of wrapper for KEK rows; `None` leaves them where they are.
    wrapper: Option<KekWrapper>,
    /// The ARN of the KMS key, if the settings use KMS.
    arn: Option<String>,
    pepper_version: u32,
}

impl Target {
    async fn of(keys: &Keys) -> Result<Self, KeysError> {
        let peppers = keys.wrappers.peppers.as_ref();
        Ok(Self {
            wrapper: keys.wrapper().ok(),
            arn: match keys.makes {
                Keyring::Local => None,
                Keyring::Kms | Keyring::Kek => Some(keys.kms()?.key_arn().await?),
            },
            pepper_version: match (keys.makes, peppers) {
                (Keyring::Kek, Some(peppers)) => peppers.newest().version(),
                _ => 0,
            },
        })
    }

    fn has(&self, row: &KekRow) -> bool {
        let wrapped_by = match self.wrapper {
            Some(KekWrapper::KmsAndPepper) => self.arn.as_deref(),
            _ => None,
        };
        row.pepper_version == self.pepper_version
            && match wrapped_by {
                Some(arn) => row.wrapped_by == arn,
                None => KekWrapper::of(row) == KekWrapper::KeyFile,
            }
    }

    async fn move_row(
        &self,
        keys: &Keys,
        wrapper: KekWrapper,
        row: KekRow,
    ) -> Result<Rewrapped, KeysError> {
        if self.has(&row) {
            return Ok(Rewrapped::WasThere);
        }
        let moved = match keys.wrappers.rewrap(wrapper, &row).await {
            Ok(moved) => moved,
            Err(error) => {
                return Ok(Rewrapped::Failed {
                    tenant: row.tenant,
                    version: Some(row.version),
                    error: error.into(),
                });
            }
        };
        let audited = keys.audited(AuditAction::RewrapKey, &row.tenant, Some(row.version));
        let replaced = keys.records.replace_kek(&row, moved, audited).await?;
        Ok(moved_if(replaced))
    }
}

async fn move_records_key(
    keys: &Keys,
    arn: &str,
    tenant: String,
    blob: Vec<u8>,
) -> Result<Rewrapped, KeysError> {
    let moved = match keys.kms()?.rewrap_records_key(&tenant, &blob, arn).await {
        Ok(None) => return Ok(Rewrapped::WasThere),
        Ok(Some(moved)) => moved,
        Err(error) => {
            return Ok(Rewrapped::Failed {
                tenant,
                version: None,
                error: error.into(),
            });
        }
    };
    let audited = keys.audited(AuditAction::RewrapKey, &tenant, None);
    let records = &keys.records;
    let replaced = records.replace_records_key_blob(&tenant, blob, moved, audited);
    Ok(moved_if(replaced.await?))
}

fn moved_if(replaced: bool) -> Rewrapped {
    if replaced {
        Rewrapped::Moved
    } else {
        Rewrapped::WasThere
    }
}

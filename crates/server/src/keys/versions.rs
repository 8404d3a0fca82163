//! Lists the versions of all tenants' KEKs, makes new ones and destroys them. An operator runs this from the command line,
//! whether or not a server is running.

use sealift_transfer::api::TenantId;

use super::{Keys, KeysError};
use crate::{
    clock::Clock,
    config::Config,
    records::{AuditAction, AuditRow, KeptKek, NoDatabase, Records, RecordsError, existing},
    unix_millis::UnixMillis,
};

/// The reasons why a command did nothing with the keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyCommandError {
    /// The database does not exist.
    #[error(transparent)]
    NoDatabase(#[from] NoDatabase),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Records(#[from] RecordsError),
    /// A key cannot be opened or made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// KMS makes every data key, so there are no versions.
    #[error(
        "under the keyring kms there are no key versions; AWS KMS rotates the key itself: enable its rotation"
    )]
    NoVersions,
    /// The tenant has no key yet.
    #[error("the tenant {0} has no key yet; its first upload makes one")]
    NoSuchTenant(TenantId),
}

/// The number of rows that are read at once.
pub(super) const PAGE: u32 = 256;

/// Returns every version of every tenant's KEK. Nothing in it is secret.
///
/// # Errors
/// Returns a [`KeyCommandError`] if the database cannot be read.
pub async fn list_keys(config: &Config) -> Result<Vec<KeptKek>, KeyCommandError> {
    let records = open_records(config).await?;
    let listed = all_of(&records).await;
    records.close().await;
    Ok(listed?)
}

async fn all_of(records: &Records) -> Result<Vec<KeptKek>, RecordsError> {
    let mut all: Vec<KeptKek> = Vec::new();
    loop {
        let (tenant, version) = match all.last() {
            Some(last) => (last.row.tenant.as_str(), last.row.version),
            None => ("", 0),
        };
        let page = records.keks_after(tenant, version, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Makes a new version of one tenant's KEK, or of every tenant's. New files use it from then on; the older
/// versions go on opening what they wrapped. Returns tenant and version of each new one.
///
/// # Errors
/// Returns a [`KeyCommandError`]. The versions that were made before the error stay.
pub async fn rotate_keys(
    config: &Config,
    tenant: Option<TenantId>,
) -> Result<Vec<(TenantId, u32)>, KeyCommandError> {
    let records = open_records(config).await?;
    let rotated = rotate(config, records.clone(), tenant).await;
    records.close().await;
    rotated
}

async fn rotate(
    config: &Config,
    records: Records,
    tenant: Option<TenantId>,
) -> Result<Vec<(TenantId, u32)>, KeyCommandError> {
    let keys = Keys::open(config, records.clone(), Clock::system()).await?;
    if keys.wrapper().is_err() {
        return Err(KeyCommandError::NoVersions);
    }
    let mut tenants: Vec<TenantId> = Vec::new();
    for kept in all_of(&records).await? {
        // A row with a tenant that is not valid belongs to nobody.
        let Ok(of) = kept.row.tenant.parse::<TenantId>() else {
            continue;
        };
        if tenant.as_ref().is_none_or(|only| *only == of) && tenants.last() != Some(&of) {
            tenants.push(of);
        }
    }
    if let (Some(only), true) = (tenant, tenants.is_empty()) {
        return Err(KeyCommandError::NoSuchTenant(only));
    }
    let mut made = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        let row = keys.rotate(&tenant).await?;
        made.push((tenant, row.version));
    }
    Ok(made)
}

/// Destroys all keys of a tenant in this database, for good. Returns how many KEKs there were. Servers stop
/// using a key that is in memory within five minutes.
///
/// # Errors
/// Returns a [`KeyCommandError`]; nothing was destroyed then.
pub async fn shred_keys(config: &Config, tenant: &TenantId) -> Result<u64, KeyCommandError> {
    let records = open_records(config).await?;
    let audited = audited(
        Clock::system().now(),
        AuditAction::ShredKeys,
        tenant.to_string(),
    );
    let shredded = records.shred_keys(tenant, audited).await;
    records.close().await;
    Ok(shredded?)
}

/// Returns the audit entry of a change to a tenant's keys. No caller asked for it: the server's own rules or an
/// operator did.
pub(super) fn audited(at: UnixMillis, action: AuditAction, subject: String) -> AuditRow {
    AuditRow {
        at,
        request_id: None,
        scope: None,
        via: "keys",
        credential: None,
        action,
        subject: Some(subject),
        outcome: "ok",
    }
}

/// Opens the database, which must exist: otherwise a mistyped folder would become a new deployment.
pub(super) async fn open_records(config: &Config) -> Result<Records, KeyCommandError> {
    Ok(Records::open(&existing(config.database_file())?).await?)
}

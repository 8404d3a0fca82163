//! Makes, lists and revokes API keys. An operator runs this from the command line, whether or not a server is
//! running.

use core::time::Duration;

use sealift_transfer::api::{ApiKeyId, OwnerId, TenantId};
use zeroize::Zeroizing;

use crate::{
    caller::ApiKey,
    clock::Clock,
    config::Config,
    data_folder::make_private,
    random,
    records::{
        ApiKeyRow, AuditAction, AuditRow, NoDatabase, Records, RecordsError, Roles, Scope, existing,
    },
    unix_millis::UnixMillis,
};

/// The most characters of a label.
const LONGEST_LABEL: usize = 100;

/// The reasons why a command did nothing with API keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The data folder cannot be made.
    #[error("the data folder {} cannot be made", .0.display())]
    Folder(std::path::PathBuf, #[source] std::io::Error),
    /// The key would have no role, so it could do nothing.
    #[error("an API key needs a role; give upload, download, member, admin or operator")]
    NoRole,
    /// The label is too long, or would not be readable in a list.
    #[error(
        "a label has at most {LONGEST_LABEL} characters and no control characters; give a shorter one"
    )]
    Label,
    /// The database has no key with this id.
    #[error("there is no API key {0}; `sealift api-keys list` shows all of them")]
    NoSuchKey(ApiKeyId),
    /// The database does not exist.
    #[error(transparent)]
    NoDatabase(#[from] NoDatabase),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Records(#[from] RecordsError),
}

/// The properties of an API key that is to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The tenant and owner whose rows the key gives access to.
    pub scope: Scope,
    /// The roles that it grants.
    pub roles: Roles,
    /// The purpose of the key in the operator's words; may be empty.
    pub label: String,
    /// The lifetime of the key; `None` means until it is revoked.
    pub works_for: Option<Duration>,
}

impl NewApiKey {
    /// Describes a key without a label that works until it is revoked.
    #[must_use]
    pub fn of(tenant: TenantId, owner: OwnerId, roles: Roles) -> Self {
        Self {
            scope: Scope { tenant, owner },
            roles,
            label: String::new(),
            works_for: None,
        }
    }
}

/// Makes an API key and stores its hash in the deployment's records. The returned key is the only
/// copy.
///
/// # Errors
/// Returns an [`ApiKeyError`] if the key has no role, the label is not valid or the database cannot be used.
pub async fn make_api_key(config: &Config, wanted: NewApiKey) -> Result<ApiKey, ApiKeyError> {
    let NewApiKey {
        scope,
        roles,
        label,
        works_for,
    } = wanted;
    if roles == Roles::default() {
        return Err(ApiKeyError::NoRole);
    }
    if label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(ApiKeyError::Label);
    }
    make_private(&config.data_dir)
        .map_err(|error| ApiKeyError::Folder(config.data_dir.clone(), error))?;
    let records = Records::open(&config.database_file()).await?;
    let key = ApiKey::from_random(random::bytes(), Zeroizing::new(random::bytes()));
    let made_at = Clock::system().now();
    let row = ApiKeyRow {
        id: key.id().clone(),
        hash: key.hash(),
        scope,
        roles,
        label,
        made_at,
        expires_at: works_for.map(|works_for| made_at.later_by(works_for)),
        revoked_at: None,
        last_used_at: None,
    };
    let audit = audited(made_at, AuditAction::MakeApiKey, &row.id, &row.scope);
    // Both rows are durable before anybody knows the key.
    let added = records.add_api_key(row, audit).await;
    records.close().await;
    added?;
    Ok(key)
}

/// Returns the API keys of one tenant, or of all, by tenant, owner and age. Nothing in them is secret.
///
/// # Errors
/// Returns an [`ApiKeyError`] if the database cannot be read.
pub async fn list_api_keys(
    config: &Config,
    tenant: Option<&TenantId>,
) -> Result<Vec<ApiKeyRow>, ApiKeyError> {
    let records = Records::open(&existing(config.database_file())?).await?;
    let listed = records.api_keys(tenant).await;
    records.close().await;
    Ok(listed?)
}

/// Revokes an API key for good. Servers refuse its next request; a download that runs ends within two
/// minutes. Returns false if the key was revoked before.
///
/// # Errors
/// Returns [`ApiKeyError::NoSuchKey`] if there is none, or another error if the database cannot be used.
pub async fn revoke_api_key(config: &Config, id: &ApiKeyId) -> Result<bool, ApiKeyError> {
    let records = Records::open(&existing(config.database_file())?).await?;
    let revoked = revoke(&records, id).await;
    records.close().await;
    revoked
}

async fn revoke(records: &Records, id: &ApiKeyId) -> Result<bool, ApiKeyError> {
    let row = records.api_key(id).await?;
    let row = row.ok_or_else(|| ApiKeyError::NoSuchKey(id.clone()))?;
    let now = Clock::system().now();
    let audit = audited(now, AuditAction::RevokeApiKey, id, &row.scope);
    Ok(records.revoke_api_key(id, now, audit).await?)
}

fn audited(at: UnixMillis, action: AuditAction, id: &ApiKeyId, scope: &Scope) -> AuditRow {
    AuditRow {
        at,
        request_id: None,
        scope: Some(scope.clone()),
        via: "command",
        credential: None,
        action,
        subject: Some(id.to_string()),
        outcome: "ok",
    }
}

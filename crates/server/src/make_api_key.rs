//! Makes API keys for new callers. An operator runs this from the command line, whether or not a
//! server is running.

use sealift_transfer::api::{OwnerId, TenantId};
use zeroize::Zeroizing;

use crate::{
    caller::ApiKey,
    clock::Clock,
    config::Config,
    random,
    records::{ApiKeyRow, AuditAction, AuditRow, Records, RecordsError, Roles, Scope},
};

/// The reasons why no API key was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeApiKeyError {
    /// The data folder cannot be made.
    #[error("the data folder {} cannot be made", .0.display())]
    Folder(std::path::PathBuf, #[source] std::io::Error),
    /// The key would have no role, so it could do nothing.
    #[error("an API key needs a role; give upload, download or admin")]
    NoRole,
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Records(#[from] RecordsError),
}

/// Makes an API key and stores its hash in the deployment's records. The returned key is the only
/// copy.
///
/// # Errors
/// Returns a [`MakeApiKeyError`] if the key has no role or the database cannot be used.
pub async fn make_api_key(
    config: &Config,
    tenant: TenantId,
    owner: OwnerId,
    roles: Roles,
) -> Result<ApiKey, MakeApiKeyError> {
    if roles == Roles::default() {
        return Err(MakeApiKeyError::NoRole);
    }
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| MakeApiKeyError::Folder(config.data_dir.clone(), error))?;
    let records = Records::open(&config.database_file()).await?;
    let key = ApiKey::from_random(random::bytes(), Zeroizing::new(random::bytes()));
    let row = ApiKeyRow {
        id: key.id().clone(),
        hash: key.hash(),
        scope: Scope { tenant, owner },
        roles,
        made_at: Clock::system().now(),
    };
    let audit = AuditRow {
        at: row.made_at,
        request_id: None,
        scope: Some(row.scope.clone()),
        via: "command",
        action: AuditAction::MakeApiKey,
        subject: Some(row.id.to_string()),
        outcome: "ok",
    };
    // Both rows are durable before anybody knows the key.
    let added = records.add_api_key(row, audit).await;
    records.close().await;
    added?;
    Ok(key)
}

//! API keys: the public part, the hash of the secret, the owner, the roles, and how long they work.

use sealift_transfer::api::{ApiKeyId, TenantId};
use sqlx::{FromRow, Row as _, query, query_as, sqlite::SqliteRow};

use super::{AuditRow, Records, RecordsError, Roles, Scope, audit, columns::Columns as _, tenants};
use crate::unix_millis::UnixMillis;

/// An API key as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// The public part of the key.
    pub id: ApiKeyId,
    /// The SHA-256 of its secret; the caller of this module hashes it.
    pub hash: [u8; 32],
    /// The owner whose rows it gives access to.
    pub scope: Scope,
    /// The roles that it grants.
    pub roles: Roles,
    /// The purpose of the key in the operator's words; may be empty.
    pub label: String,
    /// When the key was made.
    pub made_at: UnixMillis,
    /// The time at which the key ends; `None` means that it does not end by itself.
    pub expires_at: Option<UnixMillis>,
    /// The time at which the key was revoked.
    pub revoked_at: Option<UnixMillis>,
    /// The last use of the key, to the minute.
    pub last_used_at: Option<UnixMillis>,
}

/// The reasons why a known API key gives access to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyEnded {
    /// The operator revoked it.
    Revoked,
    /// The time of the key is over.
    Expired,
}

impl ApiKeyRow {
    /// Returns why the key does not work at this time, if it does not.
    #[must_use]
    pub fn ended(&self, now: UnixMillis) -> Option<ApiKeyEnded> {
        if self.revoked_at.is_some() {
            return Some(ApiKeyEnded::Revoked);
        }
        let is_over = self.expires_at.is_some_and(|end| end <= now);
        is_over.then_some(ApiKeyEnded::Expired)
    }
}

impl Records {
    /// Saves a new API key and its audit entry, both or neither.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change, or if the id exists
    /// already.
    pub async fn add_api_key(&self, row: ApiKeyRow, audited: AuditRow) -> Result<(), RecordsError> {
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                tenants::note(db, &row.scope.tenant, row.made_at).await?;
                query(
                    "INSERT INTO api_keys
                     (api_key_id, secret_sha256, tenant, owner, roles, label, made_at_ms, expires_at_ms)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                )
                .bind(row.id.as_str())
                .bind(row.hash.to_vec())
                .bind(row.scope.tenant.as_str())
                .bind(row.scope.owner.as_str())
                .bind(row.roles.to_string())
                .bind(row.label)
                .bind(row.made_at)
                .bind(row.expires_at)
                .execute(&mut *db)
                .await?;
                audit::keep(db, audited).await
            })
        });
        work.await
    }

    /// Returns the API key of this id. The caller must compare the secret with the hash.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn api_key(&self, id: &ApiKeyId) -> Result<Option<ApiKeyRow>, RecordsError> {
        let row = query_as("SELECT * FROM api_keys WHERE api_key_id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row)
    }

    /// Returns the API keys of one tenant, or of all, by tenant, owner and age.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn api_keys(
        &self,
        tenant: Option<&TenantId>,
    ) -> Result<Vec<ApiKeyRow>, RecordsError> {
        let rows = query_as(
            "SELECT * FROM api_keys WHERE $1 IS NULL OR tenant = $1
             ORDER BY tenant, owner, made_at_ms, api_key_id",
        )
        .bind(tenant.map(TenantId::as_str))
        .fetch_all(&self.readers)
        .await?;
        Ok(rows)
    }

    /// Revokes an API key and writes the audit entry, both or neither. Returns false if it was revoked before,
    /// or is not there.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn revoke_api_key(
        &self,
        id: &ApiKeyId,
        now: UnixMillis,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let statement = query(
            "UPDATE api_keys SET revoked_at_ms = $2 WHERE api_key_id = $1 AND revoked_at_ms IS NULL",
        );
        let statement = statement.bind(id.to_string()).bind(now);
        self.audited_change(statement, audited).await
    }

    /// Saves that an API key is used now.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn note_use_of_api_key(
        &self,
        id: &ApiKeyId,
        now: UnixMillis,
    ) -> Result<(), RecordsError> {
        let statement = query("UPDATE api_keys SET last_used_at_ms = $2 WHERE api_key_id = $1");
        let statement = statement.bind(id.to_string()).bind(now);
        self.writer.changes(statement).await.map(drop)
    }
}

impl FromRow<'_, SqliteRow> for ApiKeyRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.parsed("api_key_id")?,
            hash: row.bytes("secret_sha256")?,
            scope: row.scope()?,
            roles: row.parsed("roles")?,
            label: row.try_get("label")?,
            made_at: row.try_get("made_at_ms")?,
            expires_at: row.try_get("expires_at_ms")?,
            revoked_at: row.try_get("revoked_at_ms")?,
            last_used_at: row.try_get("last_used_at_ms")?,
        })
    }
}

//! API keys: the public part, the hash of the secret, the owner, and the roles.

use core::{fmt, str::FromStr};

use sealift_transfer::api::ApiKeyId;
use sqlx::{FromRow, Row as _, query, query_as, sqlite::SqliteRow};

use super::{AuditRow, Records, RecordsError, Scope, audit, columns::Columns as _, tenants};
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
    /// When the key was made.
    pub made_at: UnixMillis,
}

/// The roles of a caller. Their text form is `upload,download`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles {
    /// May upload, and delete files.
    pub upload: bool,
    /// May read and verify files, and share them by tickets.
    pub download: bool,
    /// May do both, and read the metrics.
    pub admin: bool,
}

/// The error for a text that is not a list of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of roles: some of upload, download and admin are expected, joined by commas")]
pub struct NotARole;

impl Roles {
    /// All roles.
    pub const ALL: Self = Self {
        upload: true,
        download: true,
        admin: true,
    };
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            (self.upload, "upload"),
            (self.download, "download"),
            (self.admin, "admin"),
        ];
        let mut joint = "";
        for (_, name) in named.iter().filter(|(is_given, _)| *is_given) {
            write!(f, "{joint}{name}")?;
            joint = ",";
        }
        Ok(())
    }
}

impl FromStr for Roles {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        let mut roles = Self::default();
        for name in text.split(',') {
            match name {
                "upload" => roles.upload = true,
                "download" => roles.download = true,
                "admin" => roles.admin = true,
                _ => return Err(NotARole),
            }
        }
        Ok(roles)
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
                     (api_key_id, secret_sha256, tenant, owner, roles, made_at_ms)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(row.id.as_str())
                .bind(row.hash.to_vec())
                .bind(row.scope.tenant.as_str())
                .bind(row.scope.owner.as_str())
                .bind(row.roles.to_string())
                .bind(row.made_at)
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
}

impl FromRow<'_, SqliteRow> for ApiKeyRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.parsed("api_key_id")?,
            hash: row.bytes("secret_sha256")?,
            scope: row.scope()?,
            roles: row.parsed("roles")?,
            made_at: row.try_get("made_at_ms")?,
        })
    }
}

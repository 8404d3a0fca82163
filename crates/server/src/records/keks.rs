//! Key-encryption keys as the keyring sealed them: one row per tenant and version. If two servers make
//! the same version at once, the second one reads back and uses the row of the first.

use sealift_keyring::KekRow;
use sealift_transfer::api::TenantId;
use sqlx::{FromRow, Row as _, query, query_as, sqlite::SqliteRow};

use super::{
    Records, RecordsError,
    columns::{Columns as _, unreadable},
    tenants,
};
use crate::unix_millis::UnixMillis;

impl Records {
    /// Returns a KEK of any tenant, if there is one. The server checks at its start that the key file
    /// opens it.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn any_kek(&self) -> Result<Option<KekRow>, RecordsError> {
        let any = query_as::<_, Kept>("SELECT * FROM keks LIMIT 1");
        let kept = any.fetch_optional(&self.readers).await?;
        Ok(kept.map(|kept| kept.0))
    }

    /// Returns the tenant's newest KEK, which wraps new data keys.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn newest_kek(&self, tenant: &TenantId) -> Result<Option<KekRow>, RecordsError> {
        let newest = query_as::<_, Kept>(
            "SELECT * FROM keks WHERE tenant = $1 ORDER BY version DESC LIMIT 1",
        );
        let kept = newest
            .bind(tenant.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(kept.map(|kept| kept.0))
    }

    /// Returns one version of the tenant's KEK.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn kek(
        &self,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Option<KekRow>, RecordsError> {
        let kept = query_as::<_, Kept>(ONE)
            .bind(tenant.as_str())
            .bind(i64::from(version))
            .fetch_optional(&self.readers)
            .await?;
        Ok(kept.map(|kept| kept.0))
    }

    /// Saves the row unless the tenant has one of that version, and returns the row that is there now.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn add_kek(&self, row: KekRow, now: UnixMillis) -> Result<KekRow, RecordsError> {
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let tenant = row.tenant.parse();
                let tenant: TenantId = tenant.map_err(|error| unreadable("tenant", error))?;
                tenants::note(db, &tenant, now).await?;
                let (version, pepper_version) = (row.version, row.pepper_version);
                query(
                    "INSERT INTO keks
                     (tenant, version, pepper_version, wrapped_by, iv, sealed, made_at_ms)
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
                )
                .bind(tenant.as_str())
                .bind(i64::from(version))
                .bind(i64::from(pepper_version))
                .bind(row.wrapped_by)
                .bind(row.iv.to_vec())
                .bind(row.sealed)
                .bind(now)
                .execute(&mut *db)
                .await?;
                let kept = query_as::<_, Kept>(ONE)
                    .bind(tenant.as_str())
                    .bind(i64::from(version))
                    .fetch_one(db)
                    .await?;
                Ok(kept.0)
            })
        });
        work.await
    }
}

pub(super) const ONE: &str = "SELECT * FROM keks WHERE tenant = $1 AND version = $2";

/// A row of the table `keks`.
pub(super) struct Kept(pub(super) KekRow);

impl FromRow<'_, SqliteRow> for Kept {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self(KekRow {
            tenant: row.try_get("tenant")?,
            version: row.number("version")?,
            pepper_version: row.number("pepper_version")?,
            wrapped_by: row.try_get("wrapped_by")?,
            iv: row.bytes("iv")?,
            sealed: row.try_get("sealed")?,
        }))
    }
}

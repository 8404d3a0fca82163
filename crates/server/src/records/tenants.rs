//! Tenants: one row each, inserted together with the first other row that names the tenant.

use sealift_transfer::api::TenantId;
use sqlx::{SqliteConnection, query, query_scalar};

use super::{Records, RecordsError};
use crate::unix_millis::UnixMillis;

impl Records {
    /// Returns the encrypted data key under which this tenant's names and metadata are sealed, if there
    /// is one.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn records_key_blob(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<Vec<u8>>, RecordsError> {
        let blob = query_scalar(RECORDS_KEY_BLOB)
            .bind(tenant.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(blob.flatten())
    }

    /// Saves the tenant's blob unless it has one, and returns the blob that is there now.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn add_records_key_blob(
        &self,
        tenant: &TenantId,
        blob: Vec<u8>,
        now: UnixMillis,
    ) -> Result<Vec<u8>, RecordsError> {
        let tenant = tenant.clone();
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                note(db, &tenant, now).await?;
                query(
                    "UPDATE tenants SET records_key_blob = $2
                     WHERE tenant = $1 AND records_key_blob IS NULL",
                )
                .bind(tenant.as_str())
                .bind(blob)
                .execute(&mut *db)
                .await?;
                query_scalar(RECORDS_KEY_BLOB)
                    .bind(tenant.as_str())
                    .fetch_one(db)
                    .await
            })
        });
        work.await
    }
}

const RECORDS_KEY_BLOB: &str = "SELECT records_key_blob FROM tenants WHERE tenant = $1";

/// Inserts the tenant's row if there is none.
pub(super) async fn note(
    db: &mut SqliteConnection,
    tenant: &TenantId,
    now: UnixMillis,
) -> sqlx::Result<()> {
    query("INSERT INTO tenants (tenant, made_at_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(tenant.as_str())
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

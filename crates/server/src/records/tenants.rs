//! Tenants: one row each, made with the first row that speaks of them.

use sealift_transfer::api::TenantId;
use sqlx::{SqliteConnection, query, query_scalar};

use super::{Records, RecordsError};

impl Records {
    /// The encrypted data key that this tenant's names and metadata are sealed under (DESIGN.md
    /// 4), where there is one.
    ///
    /// # Errors
    /// [`RecordsError`].
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

    /// Keeps the tenant's blob unless it has one; gives the one that is there now.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn add_records_key_blob(
        &self,
        tenant: &TenantId,
        blob: Vec<u8>,
        now_ms: i64,
    ) -> Result<Vec<u8>, RecordsError> {
        let tenant = tenant.clone();
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                note(db, &tenant, now_ms).await?;
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

/// Makes the tenant's row where it is not there yet.
pub(super) async fn note(
    db: &mut SqliteConnection,
    tenant: &TenantId,
    now_ms: i64,
) -> sqlx::Result<()> {
    query("INSERT INTO tenants (tenant, made_at_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(tenant.as_str())
        .bind(now_ms)
        .execute(db)
        .await?;
    Ok(())
}

//! Tenants: one row each, inserted together with the first other row that names the tenant.

use sealift_transfer::api::TenantId;
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use super::{AuditRow, Records, RecordsError};
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

    /// Returns whether any tenant has such a data key.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn has_records_key_blob(&self) -> Result<bool, RecordsError> {
        let any = "SELECT EXISTS (SELECT 1 FROM tenants WHERE records_key_blob IS NOT NULL)";
        Ok(query_scalar(any).fetch_one(&self.readers).await?)
    }

    /// Returns at most `most` tenants after this one that have such a data key, with it.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn records_key_blobs_after(
        &self,
        tenant: &str,
        most: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, RecordsError> {
        let rows = query_as(
            "SELECT tenant, records_key_blob FROM tenants
             WHERE tenant > $1 AND records_key_blob IS NOT NULL ORDER BY tenant LIMIT $2",
        );
        let rows = rows.bind(tenant.to_owned()).bind(i64::from(most));
        Ok(rows.fetch_all(&self.readers).await?)
    }

    /// Replaces the tenant's blob by one of the same data key, unless somebody else has replaced it meanwhile.
    /// Returns whether it was replaced.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn replace_records_key_blob(
        &self,
        tenant: &str,
        old: Vec<u8>,
        new: Vec<u8>,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let statement = query(
            "UPDATE tenants SET records_key_blob = $3 WHERE tenant = $1 AND records_key_blob = $2",
        );
        let statement = statement.bind(tenant.to_owned()).bind(old).bind(new);
        self.audited_change(statement, audited).await
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

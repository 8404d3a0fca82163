//! Key-encryption keys as the keyring sealed them: one row per tenant and version. If two servers make
//! the same version at once, the second one reads back and uses the row of the first.

use sealift_keyring::{KekRow, KekWrapper};
use sealift_transfer::api::TenantId;
use sqlx::{FromRow, Row as _, SqliteConnection, query, query_as, query_scalar, sqlite::SqliteRow};

use super::{
    AuditRow, Records, RecordsError, audit,
    columns::{Columns as _, unreadable},
    tenants,
};
use crate::{keys::MOST_WRAPS, unix_millis::UnixMillis};

impl Records {
    /// Returns one row of each wrapper and pepper version. The server checks at its start that it can open
    /// them.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn kek_of_each_wrapper(&self) -> Result<Vec<KekRow>, RecordsError> {
        let mut db = self.readers.acquire().await?;
        Ok(of_each_wrapper(&mut db).await?)
    }

    /// Returns the tenant's newest KEK of this wrapper, which wraps new data keys.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn newest_kek(
        &self,
        tenant: &TenantId,
        wrapper: KekWrapper,
    ) -> Result<Option<KeptKek>, RecordsError> {
        let newest = query_as(
            "SELECT * FROM keks
             WHERE tenant = $1 AND wrapped_by <> 'shredded' AND (wrapped_by = 'local') = $2
             ORDER BY version DESC LIMIT 1",
        );
        let kept = newest
            .bind(tenant.as_str())
            .bind(wrapper == KekWrapper::KeyFile)
            .fetch_optional(&self.readers)
            .await?;
        Ok(kept)
    }

    /// Returns the version of the tenant's newest KEK of any wrapper, shredded ones included: a version is never
    /// used for another key.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn newest_kek_version(&self, tenant: &TenantId) -> Result<Option<u32>, RecordsError> {
        let newest: Option<i64> = query_scalar("SELECT MAX(version) FROM keks WHERE tenant = $1")
            .bind(tenant.as_str())
            .fetch_one(&self.readers)
            .await?;
        let version = newest.map(u32::try_from).transpose();
        Ok(version.map_err(|error| unreadable("version", error))?)
    }

    /// Adds to the number of data keys that this KEK has wrapped, unless it would pass [`MOST_WRAPS`]. Returns
    /// whether it was added.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn reserve_wraps(
        &self,
        tenant: &TenantId,
        version: u32,
        wraps: u32,
    ) -> Result<bool, RecordsError> {
        let tenant = tenant.clone();
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let reserved = query(
                    "UPDATE keks SET wraps = wraps + $3
                     WHERE tenant = $1 AND version = $2 AND wraps + $3 <= $4",
                )
                .bind(tenant.as_str())
                .bind(i64::from(version))
                .bind(i64::from(wraps))
                .bind(i64::from(MOST_WRAPS))
                .execute(db)
                .await?;
                Ok(reserved.rows_affected() == 1)
            })
        });
        work.await
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
        let kept = query_as::<_, KeptKek>(ONE)
            .bind(tenant.as_str())
            .bind(i64::from(version))
            .fetch_optional(&self.readers)
            .await?;
        Ok(kept.map(|kept| kept.row))
    }

    /// Saves the row unless the tenant has one of that version, and returns the row that is there now. The
    /// audit entry is written if the row was saved; its time is the row's.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn add_kek(&self, row: KekRow, audited: AuditRow) -> Result<KekRow, RecordsError> {
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let tenant = row.tenant.parse();
                let tenant: TenantId = tenant.map_err(|error| unreadable("tenant", error))?;
                tenants::note(db, &tenant, audited.at).await?;
                let (version, pepper_version) = (row.version, row.pepper_version);
                let added = query(
                    "INSERT INTO keks
                     (tenant, version, pepper_version, wrapped_by, wrapping_key_blob, iv, sealed, made_at_ms)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                )
                .bind(tenant.as_str())
                .bind(i64::from(version))
                .bind(i64::from(pepper_version))
                .bind(row.wrapped_by)
                .bind(row.wrapping_key_blob)
                .bind(row.iv.to_vec())
                .bind(row.sealed)
                .bind(audited.at)
                .execute(&mut *db)
                .await?;
                if added.rows_affected() > 0 {
                    audit::keep(db, audited).await?;
                }
                let kept = query_as::<_, KeptKek>(ONE)
                    .bind(tenant.as_str())
                    .bind(i64::from(version))
                    .fetch_one(db)
                    .await?;
                Ok(kept.row)
            })
        });
        work.await
    }

    /// Returns at most `most` KEKs after this tenant and version, in the order of both.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn keks_after(
        &self,
        tenant: &str,
        version: u32,
        most: u32,
    ) -> Result<Vec<KeptKek>, RecordsError> {
        let rows = query_as(
            "SELECT * FROM keks WHERE (tenant, version) > ($1, $2) AND wrapped_by <> 'shredded'
             ORDER BY tenant, version LIMIT $3",
        );
        let rows = rows.bind(tenant.to_owned()).bind(i64::from(version));
        Ok(rows.bind(i64::from(most)).fetch_all(&self.readers).await?)
    }

    /// Destroys all KEKs of the tenant and its records key under KMS, and returns how many KEKs there were. The rows
    /// stay, without keys, so that no version is used again.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn shred_keys(
        &self,
        tenant: &TenantId,
        audited: AuditRow,
    ) -> Result<u64, RecordsError> {
        let tenant = tenant.clone();
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let keks = query(
                    "UPDATE keks SET wrapped_by = 'shredded', pepper_version = 0, wrapping_key_blob = NULL,
                     sealed = $2 WHERE tenant = $1 AND wrapped_by <> 'shredded'",
                );
                let none: Vec<u8> = Vec::new();
                let keks = keks.bind(tenant.as_str()).bind(none).execute(&mut *db).await?;
                query("UPDATE tenants SET records_key_blob = NULL WHERE tenant = $1")
                    .bind(tenant.as_str())
                    .execute(&mut *db)
                    .await?;
                audit::keep(db, audited).await?;
                Ok(keks.rows_affected())
            })
        });
        work.await
    }

    /// Replaces a row by one that seals the same KEK under another wrapper, unless somebody else has replaced
    /// it meanwhile. Returns whether it was replaced.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn replace_kek(
        &self,
        old: &KekRow,
        new: KekRow,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let statement = query(
            "UPDATE keks SET pepper_version = $4, wrapped_by = $5, wrapping_key_blob = $6, iv = $7, sealed = $8
             WHERE tenant = $1 AND version = $2 AND iv = $3",
        );
        let statement = statement
            .bind(old.tenant.clone())
            .bind(i64::from(old.version))
            .bind(old.iv.to_vec())
            .bind(i64::from(new.pepper_version))
            .bind(new.wrapped_by)
            .bind(new.wrapping_key_blob)
            .bind(new.iv.to_vec())
            .bind(new.sealed);
        self.audited_change(statement, audited).await
    }
}

pub(super) async fn of_each_wrapper(db: &mut SqliteConnection) -> sqlx::Result<Vec<KekRow>> {
    let wrappers: Vec<(String, i64)> = query_as(
        "SELECT DISTINCT wrapped_by, pepper_version FROM keks WHERE wrapped_by <> 'shredded'
             ORDER BY 1, 2",
    )
    .fetch_all(&mut *db)
    .await?;
    let mut rows = Vec::with_capacity(wrappers.len());
    for (wrapped_by, pepper_version) in wrappers {
        let one = query_as::<_, Sealed>(
            "SELECT * FROM keks WHERE wrapped_by = $1 AND pepper_version = $2 LIMIT 1",
        );
        let found = one.bind(wrapped_by).bind(pepper_version);
        rows.extend(found.fetch_optional(&mut *db).await?.map(|kept| kept.0));
    }
    Ok(rows)
}

pub(super) const ONE: &str =
    "SELECT * FROM keks WHERE tenant = $1 AND version = $2 AND wrapped_by <> 'shredded'";

/// A row of the table `keks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKek {
    /// The sealed KEK.
    pub row: KekRow,
    /// The most data keys that it may have wrapped up to now.
    pub wraps: u32,
    /// The time at which the version was made. Sealing it under another wrapper leaves this time.
    pub made_at: UnixMillis,
}

impl FromRow<'_, SqliteRow> for KeptKek {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let Sealed(sealed) = Sealed::from_row(row)?;
        Ok(Self {
            row: sealed,
            wraps: row.number("wraps")?,
            made_at: row.try_get("made_at_ms")?,
        })
    }
}

/// The columns of the sealed KEK. Every version of the schema has them, so that a command can read them in a
/// backup of any version.
pub(super) struct Sealed(pub(super) KekRow);

impl FromRow<'_, SqliteRow> for Sealed {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self(KekRow {
            tenant: row.try_get("tenant")?,
            version: row.number("version")?,
            pepper_version: row.number("pepper_version")?,
            wrapped_by: row.try_get("wrapped_by")?,
            wrapping_key_blob: row.try_get("wrapping_key_blob")?,
            iv: row.bytes("iv")?,
            sealed: row.try_get("sealed")?,
        }))
    }
}

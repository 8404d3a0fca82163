//! A database that is only read: another program's, or a copy from a backup.

use std::path::Path;

use sealift_keyring::KekRow;
use sealift_transfer::api::TenantId;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, query_as, sqlite::SqliteConnectOptions,
};

use super::{BUSY_TIMEOUT, RecordsError, keks};

/// One connection that changes nothing: neither rows nor schema.
#[derive(Debug)]
pub struct ReadOnlyRecords(SqliteConnection);

impl ReadOnlyRecords {
    /// Opens a database that is there, also beside a server that runs.
    ///
    /// # Errors
    /// [`RecordsError::Open`].
    pub async fn open(file: &Path) -> Result<Self, RecordsError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT);
        let opened = match readable(options.clone()).await {
            // Where nothing can be written SQLite cannot share the file, and nobody writes either.
            Err(_) if !has_journal(file) => readable(options.immutable(true)).await,
            opened => opened,
        };
        opened.map(Self).map_err(RecordsError::Open)
    }

    /// One version of the tenant's KEK.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn kek(
        &mut self,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Option<KekRow>, RecordsError> {
        let kept = query_as::<_, keks::Kept>(keks::ONE)
            .bind(tenant.as_str())
            .bind(i64::from(version))
            .fetch_optional(&mut self.0)
            .await?;
        Ok(kept.map(|kept| kept.0))
    }

    /// Lets go of the file.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn close(self) -> Result<(), RecordsError> {
        Ok(self.0.close().await?)
    }
}

/// SQLite looks into the file at the first statement only.
async fn readable(options: SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut db = options.connect().await?;
    sqlx::query("SELECT 1 FROM sqlite_schema LIMIT 1")
        .execute(&mut db)
        .await?;
    Ok(db)
}

/// Commits that are not in the file yet.
fn has_journal(file: &Path) -> bool {
    let mut journal = file.as_os_str().to_owned();
    journal.push("-wal");
    Path::new(&journal).exists()
}

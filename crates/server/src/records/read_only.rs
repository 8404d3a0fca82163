//! A database that this program only reads, because another program writes it or because it is a copy
//! from a backup.

use std::path::Path;

use sealift_keyring::KekRow;
use sealift_transfer::api::TenantId;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, query_as, sqlite::SqliteConnectOptions,
};

use super::{BUSY_TIMEOUT, RecordsError, keks};

/// One connection that changes neither rows nor schema.
#[derive(Debug)]
pub struct ReadOnlyRecords(SqliteConnection);

impl ReadOnlyRecords {
    /// Opens an existing database. A server may run on it at the same time.
    ///
    /// # Errors
    /// Returns [`RecordsError::Open`] if the file does not exist or cannot be read as a database.
    pub async fn open(file: &Path) -> Result<Self, RecordsError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT);
        let opened = match readable(options.clone()).await {
            // If nothing can be written, SQLite cannot share the file. Nobody else writes either, so
            // the file may be read as immutable.
            Err(_) if !has_journal(file) => readable(options.immutable(true)).await,
            opened => opened,
        };
        opened.map(Self).map_err(RecordsError::Open)
    }

    /// Returns one version of the tenant's KEK.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn kek(
        &mut self,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Option<KekRow>, RecordsError> {
        let kept = query_as::<_, keks::Sealed>(keks::ONE)
            .bind(tenant.as_str())
            .bind(i64::from(version))
            .fetch_optional(&mut self.0)
            .await?;
        Ok(kept.map(|kept| kept.0))
    }

    /// Returns all versions of the tenant's KEK that are not destroyed.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn keks(&mut self, tenant: &TenantId) -> Result<Vec<KekRow>, RecordsError> {
        let kept = query_as::<_, keks::Sealed>(
            "SELECT * FROM keks WHERE tenant = $1 AND wrapped_by <> 'shredded' ORDER BY version",
        );
        let kept = kept.bind(tenant.as_str()).fetch_all(&mut self.0).await?;
        Ok(kept.into_iter().map(|kept| kept.0).collect())
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the connection cannot be closed cleanly.
    pub async fn close(self) -> Result<(), RecordsError> {
        Ok(self.0.close().await?)
    }
}

/// Connects and runs one statement, because SQLite reads the file only at the first statement.
async fn readable(options: SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut db = options.connect().await?;
    sqlx::query("SELECT 1 FROM sqlite_schema LIMIT 1")
        .execute(&mut db)
        .await?;
    Ok(db)
}

/// Returns true if there is a `-wal` file, which holds commits that are not in the database file yet.
fn has_journal(file: &Path) -> bool {
    let mut journal = file.as_os_str().to_owned();
    journal.push("-wal");
    Path::new(&journal).exists()
}

//! A database that this program only reads, because another program writes it or because it is a copy
//! from a backup.

use std::path::Path;

use sealift_keyring::KekRow;
use sealift_transfer::api::TenantId;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, query_as, sqlite::SqliteConnectOptions,
};

use super::{BUSY_TIMEOUT, RecordsError, keks, migrate};

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

    /// Opens an existing database like [`Self::open`], but makes no file beside it. SQLite would make its journal, and
    /// if another user ran this, a server could not write it.
    ///
    /// # Errors
    /// Fails like [`Self::open`].
    pub async fn open_without_a_trace(file: &Path) -> Result<Self, RecordsError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT)
            // Without a journal no server has the file open.
            .immutable(!has_journal(file));
        let opened = readable(options).await;
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

    /// Returns the number of migrations that the next start of a server will apply.
    ///
    /// # Errors
    /// Returns [`RecordsError::NewerSchema`] or [`RecordsError::EarlySchema`] if another version of Sealift made
    /// the database, and [`RecordsError::Migrate`] if it has no schema of Sealift's.
    pub async fn missing_migrations(&mut self) -> Result<usize, RecordsError> {
        Ok(migrate::missing(&mut self.0).await?)
    }

    /// Returns one row of each wrapper and pepper version.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn kek_of_each_wrapper(&mut self) -> Result<Vec<KekRow>, RecordsError> {
        Ok(keks::of_each_wrapper(&mut self.0).await?)
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

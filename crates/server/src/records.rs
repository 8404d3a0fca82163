//! The records: everything that the server remembers, in one database. It is SQLite today, and the SQL
//! is limited to what PostgreSQL also accepts.
//!
//! Every change is one compare-and-set or one transaction. When a method returns, its result is durable
//! and survives power loss, so the caller may go on (docs/FORMAT.md, R1, R2). Several processes may share the
//! file. Methods that read or change an owner's rows take a [`Scope`], so that somebody else's row is
//! not found.
//!
//! Times are arguments, as [`UnixMillis`](crate::UnixMillis).

use core::time::Duration;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use sealift_transfer::api::{OwnerId, TenantId};
use sqlx::{
    ConnectOptions as _, SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

mod api_keys;
mod audit;
mod columns;
mod deployment;
mod files;
mod forgetting;
mod keks;
mod known_objects;
mod migrate;
mod moved;
mod parts;
mod read_only;
mod recorded_header;
mod resealing;
mod roles;
mod sealed_here;
mod sweeping;
mod tenants;
#[cfg(test)]
mod tests;
mod tickets;
mod unfinished;
mod upload_row;
mod upload_states;
mod uploads;
mod verification;
mod writer;

pub use api_keys::{ApiKeyEnded, ApiKeyRow};
pub use audit::{AuditAction, AuditEntry, AuditRow, add_audit_to};
pub use deployment::DeploymentRow;
pub use files::{FileCursor, FileRow, KeptVerification};
pub use keks::KeptKek;
pub use known_objects::KnownObject;
#[cfg(test)]
pub(crate) use migrate::make_older;
pub use moved::{MovedFile, MovedStore};
pub use parts::{PartRow, SignedRows, SignedUntil};
pub use read_only::ReadOnlyRecords;
pub use recorded_header::RecordedHeader;
pub use resealing::Replaced;
pub use roles::{NotARole, Role, Roles};
pub use sweeping::{FilesToSweep, UploadsToSweep};
pub use tickets::{OwnedTicket, RedeemedTicket, TicketCursor, TicketRow};
pub use unfinished::{UnfinishedUpload, UploadCursor};
pub use upload_row::{NewUpload, UploadRow};
pub use upload_states::{CompletedObject, LeaseOwner, VerifiedObject};
pub use uploads::AddedUpload;
pub use verification::Leased;

use writer::Writer;

/// The records of one deployment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Records {
    readers: SqlitePool,
    writer: Writer,
}

/// Names one owner: a caller sees the rows of this owner and no others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// The owner within the tenant.
    pub owner: OwnerId,
}

/// The reasons why a request to the database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// The database file does not exist and cannot be created.
    #[error("the database file cannot be created; check the permissions of the data folder")]
    File(#[source] io::Error),
    /// The file is not a Sealift database, or another program keeps it locked.
    #[error("the database file cannot be opened; check whether another program is using it")]
    Open(#[source] sqlx::Error),
    /// A migration that this database was made with has been changed since, and no later migration
    /// leads from the old schema to this one.
    #[error(
        "the database was made by an early version of Sealift and cannot be brought up to date; \
         begin with an empty data folder, or run the version that made it"
    )]
    EarlySchema(#[source] MigrateError),
    /// A newer version of Sealift has migrated the database.
    #[error("a newer version of Sealift has used the database; run that version or a later one")]
    NewerSchema(#[source] MigrateError),
    /// The migrations failed for another reason.
    #[error(
        "the database's schema cannot be brought up to date; run the version that last used it"
    )]
    Migrate(#[source] MigrateError),
    /// A statement failed. Nothing of its write was saved.
    #[error("the database refused a statement; the log of the operating system may say why")]
    Database(#[from] sqlx::Error),
    /// The commit that this write shared with other writes failed.
    #[error("the database did not commit; check the free space of the disk")]
    NotCommitted(#[source] Arc<sqlx::Error>),
    /// [`Records::close`] was called.
    #[error("the database is closed because the server is stopping")]
    Closed,
}

impl RecordsError {
    /// Returns true if the same request may succeed later: another process held the database for too
    /// long, the disk was full or failed, or this server is stopping.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::NotCommitted(_) | Self::Closed => true,
            Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) => true,
            Self::Database(sqlx::Error::Database(refusal)) => {
                let code = refusal.code().and_then(|code| code.parse::<u32>().ok());
                // SQLITE_BUSY, _LOCKED, _IOERR, _FULL. The higher bytes only give more detail.
                matches!(code.map(|code| code & 0xff), Some(5 | 6 | 10 | 13))
            }
            Self::Database(_)
            | Self::File(_)
            | Self::Open(_)
            | Self::EarlySchema(_)
            | Self::NewerSchema(_)
            | Self::Migrate(_) => false,
        }
    }

    /// Returns true if this database needs another version of Sealift.
    #[must_use]
    pub fn is_of_another_version(&self) -> bool {
        matches!(self, Self::EarlySchema(_) | Self::NewerSchema(_))
    }
}

impl From<MigrateError> for RecordsError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMismatch(_) => Self::EarlySchema(error),
            MigrateError::VersionMissing(_) => Self::NewerSchema(error),
            error => Self::Migrate(error),
        }
    }
}

/// The error for a database that is not there: the operator meant another folder, or there never was one.
#[derive(Debug, thiserror::Error)]
#[error("there is no database at {}; name the deployment's folder or configuration file", .0.display())]
pub struct NoDatabase(PathBuf);

/// Returns the path of a database only if it is there. Otherwise a mistyped folder would become a new deployment.
///
/// # Errors
/// Returns [`NoDatabase`] if it is not there.
pub(crate) fn existing(file: PathBuf) -> Result<PathBuf, NoDatabase> {
    match file.is_file() {
        true => Ok(file),
        false => Err(NoDatabase(file)),
    }
}

/// Another process may hold the database for a moment. One that holds it longer than this is broken.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The most connections that read. Each costs a thread and a cache, and reads are short.
const MOST_READERS: u32 = 8;

impl Records {
    /// Opens the database and brings its schema up to date. Creates the database if there is none.
    ///
    /// # Errors
    /// Returns [`RecordsError::File`] if the file cannot be created and [`RecordsError::Open`] if it
    /// cannot be opened. Returns [`RecordsError::EarlySchema`], [`RecordsError::NewerSchema`] or
    /// [`RecordsError::Migrate`] if the schema cannot be brought up to date.
    pub async fn open(file: &Path) -> Result<Self, RecordsError> {
        make_private(file).map_err(RecordsError::File)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on the disk when it returns, so that the rows of R1 and R2 survive power
            // loss.
            .synchronous(SqliteSynchronous::Full)
            // On Apple systems plain fsync does not reach the disk; this one does.
            .pragma("fullfsync", "on")
            // SQLite overwrites what is removed, so that a removed name or hash does not stay in the
            // free space of a page.
            .pragma("secure_delete", "on")
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let mut db = options.connect().await.map_err(RecordsError::Open)?;
        migrate::up_to_date(&mut db).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(MOST_READERS)
            // sqlx tests each connection when it comes back. Another test before the next query would only
            // cost another trip to the connection's thread, because a file does not go away.
            .test_before_acquire(false)
            .connect_lazy_with(options.clone().pragma("query_only", "on"));
        Ok(Self {
            readers,
            writer: Writer::start(db, options),
        })
    }

    /// Checks that the records can be read and that the writer still takes writes, for `/readyz`.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read or was closed.
    pub async fn check(&self) -> Result<(), RecordsError> {
        if self.writer.is_closed() {
            return Err(RecordsError::Closed);
        }
        sqlx::query("SELECT epoch FROM deployment")
            .fetch_one(&self.readers)
            .await?;
        Ok(())
    }

    /// Commits the writes that are queued, then closes the file. All clones are closed with it.
    pub async fn close(self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// Creates the file so that only this user can read it. Leaves an existing file as it is.
fn make_private(file: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

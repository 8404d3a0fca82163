//! What the server remembers, in one database (DESIGN.md 4): SQLite now, with SQL that PostgreSQL
//! takes too.
//!
//! Every change is one compare-and-set or one transaction: what it returns is durable, power loss
//! included, before the caller goes on (FORMAT.md R1, R2). Several processes may share the file.
//! Whatever speaks of an owner's rows takes a [`Scope`]: somebody else's row is not found.
//!
//! Times are arguments, in milliseconds since the Unix epoch.

use core::time::Duration;
use std::{io, path::Path, sync::Arc};

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

pub use api_keys::{ApiKeyRow, NotARole, Roles};
pub use audit::{AuditAction, AuditEntry, AuditRow};
pub use deployment::DeploymentRow;
pub use files::{FileCursor, FileRow, KeptVerification};
pub use known_objects::KnownObject;
pub use moved::{MovedFile, MovedStore};
pub use parts::{PartRow, SignedRows, SignedUntil};
pub use read_only::ReadOnlyRecords;
pub use sweeping::{FilesToSweep, UploadsToSweep};
pub use tickets::{RedeemedTicket, TicketRow};
pub use unfinished::{UnfinishedUpload, UploadCursor};
pub use upload_row::{NewUpload, UploadRow};
pub use upload_states::{CompletedObject, LeaseOwner};
pub use uploads::AddedUpload;
pub use verification::Leased;

use writer::Writer;

/// The records of one deployment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Records {
    readers: SqlitePool,
    writer: Writer,
}

/// Whose rows: all that a caller may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// The owner within the tenant.
    pub owner: OwnerId,
}

/// Why the records did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// The file is not there and cannot be made.
    #[error("the database file cannot be made; look at the data folder's rights")]
    File(#[source] io::Error),
    /// The file is no database of ours, or locked for good.
    #[error("the database file cannot be opened; look whether another program holds it")]
    Open(#[source] sqlx::Error),
    /// The schema was changed since the database was made, without a way from there to here.
    #[error(
        "the database was made by an early version of Sealift and cannot be brought up to date; \
         begin with an empty data folder, or run the version that made it"
    )]
    EarlySchema(#[source] MigrateError),
    /// A newer version has used the database.
    #[error("a newer version of Sealift has used the database; run that version or a later one")]
    NewerSchema(#[source] MigrateError),
    /// The schema is not the one of this version.
    #[error(
        "the database's schema cannot be brought up to date; run the version that last used it"
    )]
    Migrate(#[source] MigrateError),
    /// A statement failed; nothing of it was kept.
    #[error("the database refused a statement; the log of the operating system may tell more")]
    Database(#[from] sqlx::Error),
    /// The commit that this write shared with others failed.
    #[error("the database did not commit; look at the disk's free space")]
    NotCommitted(#[source] Arc<sqlx::Error>),
    /// [`Records::close`] was called.
    #[error("the database is closed, since the server stops")]
    Closed,
}

impl RecordsError {
    /// Whether the same request may succeed later: another process held the database for too
    /// long, or there was no room on the disk.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::NotCommitted(_) | Self::Closed => true,
            Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) => true,
            Self::Database(sqlx::Error::Database(refusal)) => {
                let code = refusal.code().and_then(|code| code.parse::<u32>().ok());
                // SQLITE_BUSY, _LOCKED, _IOERR, _FULL; what is above the lowest byte tells more.
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

    /// Whether another version of Sealift must be run on this database.
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

/// Another process may hold the database for a moment; one that holds it longer is broken.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Each is a thread and a cache of its own; reads are short.
const MOST_READERS: u32 = 8;

impl Records {
    /// Opens the database, makes it where it is not there yet, and brings its schema up to date.
    ///
    /// # Errors
    /// [`RecordsError::File`], [`RecordsError::Open`], [`RecordsError::Migrate`].
    pub async fn open(file: &Path) -> Result<Self, RecordsError> {
        make_private(file).map_err(RecordsError::File)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on the disk when it returns: the rows of R1 and R2 survive power loss.
            .synchronous(SqliteSynchronous::Full)
            // Where plain fsync does not reach the disk, use what does (Apple only).
            .pragma("fullfsync", "on")
            // A removed name or hash does not stay in the free space of a page: SQLite overwrites it.
            .pragma("secure_delete", "on")
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let mut db = options.connect().await.map_err(RecordsError::Open)?;
        migrate::up_to_date(&mut db).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(MOST_READERS)
            .connect_lazy_with(options.clone().pragma("query_only", "on"));
        Ok(Self {
            readers,
            writer: Writer::start(db, options),
        })
    }

    /// Whether the records can be read and written, for `/readyz`.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn check(&self) -> Result<(), RecordsError> {
        if self.writer.is_closed() {
            return Err(RecordsError::Closed);
        }
        sqlx::query("SELECT epoch FROM deployment")
            .fetch_one(&self.readers)
            .await?;
        Ok(())
    }

    /// Keeps what waits to be written, then lets go of the file. Every clone is closed with it.
    pub async fn close(self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// Makes the file, readable for nobody else; leaves one that is there as it is.
fn make_private(file: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

//! Removes everything that the caller gave and everything that reveals the content, when an upload ends
//! without a file and when a file is deleted. Ids, header and part rows stay, so that none of them is
//! ever used again (docs/FORMAT.md, R1, R2).
//!
//! SQLite leaves removed bytes in its pages unless it is configured to overwrite them, so the
//! connections set `secure_delete`.

use sealift_transfer::api::{FileId, UploadId};
use sqlx::{Sqlite, SqliteConnection, query, query::Query, sqlite::SqliteArguments};

use super::{AuditRow, Records, RecordsError, audit};

impl Records {
    /// Runs the statement that ends an upload without a file. If it changed the row, removes what the
    /// caller gave and saves the audit entry in the same transaction. Returns whether the row was
    /// changed.
    pub(super) async fn ending_change(
        &self,
        statement: Query<'static, Sqlite, SqliteArguments>,
        upload_id: &UploadId,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let upload_id = upload_id.clone();
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                if statement.execute(&mut *db).await?.rows_affected() == 0 {
                    return Ok(false);
                }
                forget_upload(&mut *db, &upload_id).await?;
                audit::keep(db, audited).await?;
                Ok(true)
            })
        });
        work.await
    }
}

/// Clears what the caller gave for an upload, and the fingerprint of its request. Clears it also for uploads that
/// were to replace this one's object, because they hold a copy.
pub(super) async fn forget_upload(
    db: &mut SqliteConnection,
    upload_id: &UploadId,
) -> sqlx::Result<()> {
    let change = query(
        "UPDATE uploads SET original_filename = $2, request_mac = $2, metadata = NULL,
             content_type = NULL, reference = NULL, last_modified_ms = NULL
         WHERE upload_id = $1 OR reseals = $1",
    );
    let change = change.bind(upload_id.to_string()).bind(Vec::new());
    change.execute(db).await.map(drop)
}

/// Clears what the caller gave for a file, and what was found out about its content.
pub(super) async fn forget_file(db: &mut SqliteConnection, file_id: &FileId) -> sqlx::Result<()> {
    let change = query(
        "UPDATE files SET original_filename = $2, metadata = NULL, content_type = NULL,
             reference = NULL, last_modified_ms = NULL, sniffed_type = NULL,
             verified_at_ms = NULL, sealed_sha256 = NULL, verification_code = NULL,
             verification_due_at_ms = NULL
         WHERE file_id = $1",
    );
    let change = change.bind(file_id.to_string()).bind(Vec::new());
    change.execute(db).await.map(drop)
}

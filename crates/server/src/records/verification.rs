//! The database side of verification, the pass that opens all frames of a file. The verifier leases a
//! file that is due; its result is saved only while the lease is its own. That way only one of several
//! servers verifies a file.

use core::ops::RangeInclusive;

use sealift_transfer::api::{FileId, ProblemCode};
use sqlx::{query, query_as};

use super::{AuditRow, FileRow, Records, RecordsError, Scope, audit};
use crate::unix_millis::UnixMillis;

/// A file that one pass holds until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The row of the file.
    pub file: FileRow,
    /// When another pass may take the file over. This time also identifies the lease: prolonging
    /// changes it.
    pub until: UnixMillis,
}

impl Records {
    /// Makes the file due for verification, and saves the audit entry if one is given. Returns `None`
    /// if the owner has no such file.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn want_verification(
        &self,
        scope: &Scope,
        file_id: &FileId,
        now: UnixMillis,
        audited: Option<AuditRow>,
    ) -> Result<Option<FileRow>, RecordsError> {
        let (scope, file_id) = (scope.clone(), file_id.clone());
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                // A verification that is due or running is not started twice.
                let change = query_as(
                    "UPDATE files
                     SET verification_due_at_ms = COALESCE(verification_due_at_ms, $4)
                     WHERE tenant = $1 AND owner = $2 AND file_id = $3 AND state = 'available'
                     RETURNING *",
                )
                .bind(scope.tenant.as_str())
                .bind(scope.owner.as_str())
                .bind(file_id.as_str())
                .bind(now);
                let file = change.fetch_optional(&mut *db).await?;
                if let (Some(_), Some(audited)) = (&file, audited) {
                    audit::keep(db, audited).await?;
                }
                Ok(file)
            })
        });
        work.await
    }

    /// Leases until `until` the file that has been due for longest, among those whose plaintext has
    /// a length in the given range.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn lease_to_verify(
        &self,
        plaintext_len: &RangeInclusive<i64>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<Leased>, RecordsError> {
        let (least, most) = (*plaintext_len.start(), *plaintext_len.end());
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                query_as(
                    "UPDATE files SET verification_due_at_ms = $2
                     WHERE file_id = (
                         SELECT file_id FROM files
                         WHERE verification_due_at_ms <= $1 AND state = 'available'
                         AND plaintext_len BETWEEN $3 AND $4
                         ORDER BY verification_due_at_ms, file_id LIMIT 1
                     )
                     RETURNING *",
                )
                .bind(now)
                .bind(until)
                .bind(least)
                .bind(most)
                .fetch_optional(db)
                .await
            })
        });
        let file = work.await?;
        Ok(file.map(|file| Leased { file, until }))
    }

    /// Prolongs the lease, or ends it and makes the file due at `due_at`. Returns `false` if the
    /// lease is lost or the file is gone.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn set_verification_due(
        &self,
        leased: &Leased,
        due_at: UnixMillis,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE files SET verification_due_at_ms = $3
             WHERE file_id = $1 AND state = 'available' AND verification_due_at_ms = $2",
        );
        let change = change.bind(leased.file.file_id.to_string());
        let change = change.bind(leased.until).bind(due_at);
        self.writer.changes(change).await
    }

    /// Saves the result of the pass and its audit entry. The result is the sealed SHA-256 of the
    /// plaintext, or the reason why the object does not open. Returns `false` and saves nothing if the
    /// lease is lost or the file is gone.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn set_verification(
        &self,
        leased: &Leased,
        found: Result<Vec<u8>, ProblemCode>,
        now: UnixMillis,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE files
             SET verification_due_at_ms = NULL, verified_at_ms = $3, sealed_sha256 = $4,
                 verification_code = $5
             WHERE file_id = $1 AND state = 'available' AND verification_due_at_ms = $2",
        );
        let change = change
            .bind(leased.file.file_id.to_string())
            .bind(leased.until)
            .bind(now)
            .bind(found.as_ref().ok().cloned())
            .bind(found.err().map(ProblemCode::as_str));
        self.audited_change(change, audited).await
    }
}

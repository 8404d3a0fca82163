//! The database side of the sweeper. A row that the sweeper found may change before it acts, so each
//! change checks again in one compare-and-set. Among several sweepers, or a sweeper and a request, only
//! one wins.

use sealift_transfer::api::{FileId, UploadId};
use sqlx::{query, query_as, query_scalar};

use super::{
    AuditRow, FileRow, Records, RecordsError, UploadRow, audit, forgetting, uploads::select_uploads,
};
use crate::unix_millis::UnixMillis;

/// Selects the uploads that the sweeper looks for, of all owners, sorted by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadsToSweep {
    /// `opening` or `open`, but expired or opened before the last restore.
    Expired,
    /// `aborting`.
    Aborting,
    /// `completing` under a lease that has ended.
    Abandoned,
    /// `aborted` or `failed`, not swept, and with no signature that can still be used.
    Tombstones,
}

impl UploadsToSweep {
    fn query(self) -> &'static str {
        match self {
            Self::Expired => {
                select_uploads!(
                    "state IN ('opening', 'open') AND swept_at_ms IS NULL
                     AND (expires_at_ms <= $3 OR uploads.epoch <> deployment.epoch)
                     AND upload_id > $1 ORDER BY upload_id LIMIT $2"
                )
            }
            Self::Aborting => {
                select_uploads!(
                    "state = 'aborting' AND swept_at_ms IS NULL
                     AND upload_id > $1 ORDER BY upload_id LIMIT $2"
                )
            }
            Self::Abandoned => {
                select_uploads!(
                    "state = 'completing' AND swept_at_ms IS NULL AND completing_until_ms <= $3
                     AND upload_id > $1 ORDER BY upload_id LIMIT $2"
                )
            }
            Self::Tombstones => {
                select_uploads!(
                    "state IN ('aborted', 'failed') AND swept_at_ms IS NULL
                     AND (last_signature_ends_at_ms IS NULL OR last_signature_ends_at_ms <= $3)
                     AND upload_id > $1 ORDER BY upload_id LIMIT $2"
                )
            }
        }
    }
}

/// Selects the files that the sweeper looks for, of all owners, sorted by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesToSweep {
    /// `deleting`.
    Deleting,
    /// `deleted`, not swept, and with no signature that can still be used.
    Tombstones,
}

impl FilesToSweep {
    fn query(self) -> &'static str {
        match self {
            Self::Deleting => {
                "SELECT * FROM files
                 WHERE state = 'deleting' AND swept_at_ms IS NULL
                 AND file_id > $1 ORDER BY file_id LIMIT $2"
            }
            Self::Tombstones => {
                "SELECT files.* FROM files JOIN uploads ON uploads.upload_id = files.upload_id
                 WHERE files.state = 'deleted' AND files.swept_at_ms IS NULL
                 AND (uploads.last_signature_ends_at_ms IS NULL
                     OR uploads.last_signature_ends_at_ms <= $3)
                 AND files.file_id > $1 ORDER BY files.file_id LIMIT $2"
            }
        }
    }
}

impl Records {
    /// Returns at most `most` uploads whose ids are larger than `after`.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn uploads_to_sweep(
        &self,
        which: UploadsToSweep,
        now: UnixMillis,
        after: Option<&UploadId>,
        most: u32,
    ) -> Result<Vec<UploadRow>, RecordsError> {
        let mut asked = query_as(which.query())
            .bind(after.map_or("", UploadId::as_str))
            .bind(i64::from(most));
        if which != UploadsToSweep::Aborting {
            asked = asked.bind(now);
        }
        Ok(asked.fetch_all(&self.readers).await?)
    }

    /// Returns at most `most` files whose ids are larger than `after`.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn files_to_sweep(
        &self,
        which: FilesToSweep,
        now: UnixMillis,
        after: Option<&FileId>,
        most: u32,
    ) -> Result<Vec<FileRow>, RecordsError> {
        let mut asked = query_as(which.query())
            .bind(after.map_or("", FileId::as_str))
            .bind(i64::from(most));
        if which != FilesToSweep::Deleting {
            asked = asked.bind(now);
        }
        Ok(asked.fetch_all(&self.readers).await?)
    }

    /// Moves an upload from `opening` or `open` to `aborting` if it is still expired or older than the
    /// last restore. The restored database may have forgotten the newest signatures of such an older
    /// upload, so its tombstone stays until `signatures_end_at`, when every signature from before
    /// the restore has ended.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn begin_expiring(
        &self,
        upload_id: &UploadId,
        now: UnixMillis,
        signatures_end_at: UnixMillis,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET state = 'aborting', last_signature_ends_at_ms = CASE
                 WHEN epoch <> (SELECT epoch FROM deployment)
                     AND coalesce(last_signature_ends_at_ms, 0) < $3 THEN $3
                 ELSE last_signature_ends_at_ms END
             WHERE upload_id = $1 AND state IN ('opening', 'open')
             AND (expires_at_ms <= $2 OR epoch <> (SELECT epoch FROM deployment))",
        );
        let change = change
            .bind(upload_id.to_string())
            .bind(now)
            .bind(signatures_end_at);
        self.ending_change(change, upload_id, audited).await
    }

    /// Ends the tombstone of an `aborted` or `failed` upload after its object was removed once more.
    /// What the caller gave was removed when the upload ended.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn sweep_upload(
        &self,
        upload_id: &UploadId,
        now: UnixMillis,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET swept_at_ms = $2
             WHERE upload_id = $1 AND state IN ('aborted', 'failed') AND swept_at_ms IS NULL",
        );
        let change = change.bind(upload_id.to_string()).bind(now);
        self.ending_change(change, upload_id, audited).await
    }

    /// Ends the tombstone of a `deleted` file and of the upload that made it.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn sweep_file(
        &self,
        file_id: &FileId,
        now: UnixMillis,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let file_id = file_id.clone();
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let file = query_scalar::<_, String>(
                    "UPDATE files SET swept_at_ms = $2
                     WHERE file_id = $1 AND state = 'deleted' AND swept_at_ms IS NULL
                     RETURNING upload_id",
                );
                let file = file.bind(file_id.to_string()).bind(now);
                let Some(upload_id) = file.fetch_optional(&mut *db).await? else {
                    return Ok(false);
                };
                forgetting::forget_file(&mut *db, &file_id).await?;
                let upload = query("UPDATE uploads SET swept_at_ms = $2 WHERE upload_id = $1");
                let upload = upload.bind(upload_id).bind(now);
                upload.execute(&mut *db).await?;
                audit::keep(db, audited).await?;
                Ok(true)
            })
        });
        work.await
    }
}

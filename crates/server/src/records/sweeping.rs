//! What the sweeper asks and changes. What it finds may have changed by the time it acts, so each
//! change asks again, in one compare-and-set: of several sweepers, or of a sweeper and a request,
//! one wins.

use sealift_transfer::api::{FileId, UploadId};
use sqlx::{query, query_as, query_scalar};

use super::{
    AuditRow, FileRow, Records, RecordsError, UploadRow, audit, forgetting, uploads::select_uploads,
};

/// Which uploads are asked for. Of all owners, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadsToSweep {
    /// `opening` or `open`, but expired or older than the last restore.
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

/// Which files are asked for. Of all owners, by id.
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
    /// At most `most` uploads with larger ids than `after`.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn uploads_to_sweep(
        &self,
        which: UploadsToSweep,
        now_ms: i64,
        after: Option<&UploadId>,
        most: u32,
    ) -> Result<Vec<UploadRow>, RecordsError> {
        let mut asked = query_as(which.query())
            .bind(after.map_or("", UploadId::as_str))
            .bind(i64::from(most));
        if which != UploadsToSweep::Aborting {
            asked = asked.bind(now_ms);
        }
        Ok(asked.fetch_all(&self.readers).await?)
    }

    /// At most `most` files with larger ids than `after`.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn files_to_sweep(
        &self,
        which: FilesToSweep,
        now_ms: i64,
        after: Option<&FileId>,
        most: u32,
    ) -> Result<Vec<FileRow>, RecordsError> {
        let mut asked = query_as(which.query())
            .bind(after.map_or("", FileId::as_str))
            .bind(i64::from(most));
        if which != FilesToSweep::Deleting {
            asked = asked.bind(now_ms);
        }
        Ok(asked.fetch_all(&self.readers).await?)
    }

    /// `opening` or `open` to `aborting`, if the upload is still expired, or older than the last
    /// restore. Of the latter the newest signatures may be forgotten: its tombstone stays until
    /// `signatures_end_at_ms`, when every signature of before the restore has ended.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn begin_expiring(
        &self,
        upload_id: &UploadId,
        now_ms: i64,
        signatures_end_at_ms: i64,
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
            .bind(now_ms)
            .bind(signatures_end_at_ms);
        self.ending_change(change, upload_id, audited).await
    }

    /// Ends the tombstone of an `aborted` or `failed` upload, whose object key was removed once
    /// more. What the caller gave is gone since the upload ended.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn sweep_upload(
        &self,
        upload_id: &UploadId,
        now_ms: i64,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET swept_at_ms = $2
             WHERE upload_id = $1 AND state IN ('aborted', 'failed') AND swept_at_ms IS NULL",
        );
        let change = change.bind(upload_id.to_string()).bind(now_ms);
        self.ending_change(change, upload_id, audited).await
    }

    /// The same for a `deleted` file, and for the upload that made it.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn sweep_file(
        &self,
        file_id: &FileId,
        now_ms: i64,
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
                let file = file.bind(file_id.to_string()).bind(now_ms);
                let Some(upload_id) = file.fetch_optional(&mut *db).await? else {
                    return Ok(false);
                };
                forgetting::forget_file(&mut *db, &file_id).await?;
                let upload = query("UPDATE uploads SET swept_at_ms = $2 WHERE upload_id = $1");
                let upload = upload.bind(upload_id).bind(now_ms);
                upload.execute(&mut *db).await?;
                audit::keep(db, audited).await?;
                Ok(true)
            })
        });
        work.await
    }
}

//! Moving the records to another store, after its objects were copied there.

use sealift_transfer::api::{FileId, UploadId};
use sqlx::{query, query_as, query_scalar};

use super::{AuditRow, FileRow, Records, RecordsError, audit, deployment::begin_epoch};
use crate::{
    objects::{ETag, Reached, StoreAddress, VersionId},
    unix_millis::UnixMillis,
};

/// The object of a file in the new store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedFile {
    /// The id of the file.
    pub file_id: FileId,
    /// The upload that made the object that was looked at.
    pub upload_id: UploadId,
    /// The ETag of the object in the new store.
    pub etag: ETag,
    /// The object's version, if the new bucket keeps versions.
    pub version: Option<VersionId>,
}

/// The new store and its objects.
#[derive(Debug, Clone)]
pub struct MovedStore {
    /// The address of the new store.
    pub store: StoreAddress,
    /// All files that have an object.
    pub files: Vec<MovedFile>,
    /// The epoch and high-water mark of the mark in the new store.
    pub mark: Reached,
    /// When the moved files are due for another verification; `None` leaves their due times as they
    /// are.
    pub verification_due_at: Option<UnixMillis>,
}

impl Records {
    /// Returns at most `most` files that are not deleted and whose ids are larger than `after`.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn files_with_objects(
        &self,
        after: Option<&FileId>,
        most: u32,
    ) -> Result<Vec<FileRow>, RecordsError> {
        let asked = query_as(
            "SELECT * FROM files WHERE state NOT IN ('deleting', 'deleted') AND file_id > $1
             ORDER BY file_id LIMIT $2",
        );
        let asked = asked
            .bind(after.map_or("", FileId::as_str).to_owned())
            .bind(i64::from(most));
        Ok(asked.fetch_all(&self.readers).await?)
    }

    /// Writes the new store into every row and begins a new epoch, because the new store has no parts
    /// of the open uploads. Returns `false` and changes nothing if the number of files has changed, or if
    /// one of `moved.files` has no object or another object by now.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn move_store(
        &self,
        moved: MovedStore,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let count: i64 = query_scalar(
                    "SELECT count(*) FROM files WHERE state NOT IN ('deleting', 'deleted')",
                )
                .fetch_one(&mut *db)
                .await?;
                if usize::try_from(count) != Ok(moved.files.len()) {
                    return Err(sqlx::Error::RowNotFound);
                }
                let MovedStore { store, files, .. } = moved;
                for file in files {
                    let change = query(
                        "UPDATE files SET s3_etag = $2, s3_version = $3,
                             verification_due_at_ms = coalesce($4, verification_due_at_ms)
                         WHERE file_id = $1 AND upload_id = $5
                         AND state NOT IN ('deleting', 'deleted')",
                    )
                    .bind(file.file_id.to_string())
                    .bind(file.etag.0)
                    .bind(file.version.map(|version| version.0))
                    .bind(moved.verification_due_at)
                    .bind(file.upload_id.to_string());
                    if change.execute(&mut *db).await?.rows_affected() == 0 {
                        return Err(sqlx::Error::RowNotFound);
                    }
                }
                for change in [
                    "UPDATE uploads SET s3_bucket = $1 WHERE s3_bucket <> $1",
                    "UPDATE files SET s3_bucket = $1 WHERE s3_bucket <> $1",
                ] {
                    query(change)
                        .bind(store.bucket.clone())
                        .execute(&mut *db)
                        .await?;
                }
                query("UPDATE deployment SET s3_endpoint = $1, s3_bucket = $2, s3_prefix = $3")
                    .bind(store.endpoint)
                    .bind(store.bucket)
                    .bind(store.prefix)
                    .execute(&mut *db)
                    .await?;
                begin_epoch(&mut *db, moved.mark).await?;
                audit::keep(db, audited).await
            })
        });
        match work.await {
            Ok(()) => Ok(true),
            // The error took back the changes of the rows before.
            Err(RecordsError::Database(sqlx::Error::RowNotFound)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

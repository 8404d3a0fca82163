//! Files: what completed uploads became, until they are deleted.

use sealift_transfer::{
    PartPlan,
    api::{FileId, UploadId},
};
use sqlx::{FromRow, Row as _, SqliteConnection, query, query_as, sqlite::SqliteRow};

use super::{
    AuditRow, CompletedObject, Records, RecordsError, Scope, audit, columns::Columns as _,
    forgetting,
};
use crate::{
    objects::{ETag, ObjectKey, VersionId},
    sniffed::SniffedType,
};

/// A file as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The file.
    pub file_id: FileId,
    /// The upload that made its present object.
    pub upload_id: UploadId,
    /// Whose it is.
    pub scope: Scope,
    /// The message's id.
    pub message_id: [u8; 32],
    /// The message's header.
    pub header: Vec<u8>,
    /// Frames, parts and sizes.
    pub plan: PartPlan,
    /// Where the object lies.
    pub s3_key: ObjectKey,
    /// In this bucket.
    pub bucket: String,
    /// The object's version, where the bucket keeps versions.
    pub version: Option<VersionId>,
    /// The object's ETag at completion.
    pub etag: ETag,
    /// The encrypted data key's ciphertext.
    pub encrypted_dek: Vec<u8>,
    /// The name, sealed.
    pub name: Vec<u8>,
    /// The caller's own data, sealed.
    pub metadata: Option<Vec<u8>>,
    /// The media type as given.
    pub content_type: Option<String>,
    /// What it is by its own first bytes, where browsers can show that without running it.
    pub sniffed_type: Option<SniffedType>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// When it was complete.
    pub uploaded_at_ms: i64,
    /// What the pass over all frames found.
    pub verification: KeptVerification,
}

/// The result of the pass over all frames of a file, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptVerification {
    /// Nothing yet.
    Pending,
    /// Every frame was authentic and all of them were there.
    Verified {
        /// When.
        at_ms: i64,
        /// The SHA-256 of the plaintext, sealed.
        sealed_sha256: Vec<u8>,
    },
    /// The stored object does not open, or is another one.
    Failed {
        /// When.
        at_ms: i64,
        /// A problem's code.
        code: String,
    },
}

impl KeptVerification {
    /// Whether the object is known to be damaged.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// A place in the list of files, newest first: the files behind it are the next page. Files that
/// are added or deleted meanwhile do not move it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCursor {
    /// When the file before it was complete.
    pub uploaded_at_ms: i64,
    /// That file.
    pub file_id: FileId,
}

impl Records {
    /// A file of this owner that is available.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn file(
        &self,
        scope: &Scope,
        file_id: &FileId,
    ) -> Result<Option<FileRow>, RecordsError> {
        let row = query_as(
            "SELECT * FROM files
             WHERE tenant = $1 AND owner = $2 AND state = 'available' AND file_id = $3",
        );
        let row = row
            .bind(scope.tenant.as_str())
            .bind(scope.owner.as_str())
            .bind(file_id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row)
    }

    /// Whether this owner has the file, and it is neither deleted nor being deleted.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn is_available(
        &self,
        scope: &Scope,
        file_id: &FileId,
    ) -> Result<bool, RecordsError> {
        let found = query(
            "SELECT file_id FROM files
             WHERE tenant = $1 AND owner = $2 AND state = 'available' AND file_id = $3",
        );
        let found = found
            .bind(scope.tenant.as_str())
            .bind(scope.owner.as_str())
            .bind(file_id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    /// The file that this owner's upload became, if it is available.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn file_of_upload(
        &self,
        scope: &Scope,
        upload_id: &UploadId,
    ) -> Result<Option<FileRow>, RecordsError> {
        let mut reader = self.readers.acquire().await?;
        let row = of_upload(&mut reader, upload_id).await?;
        Ok(row.filter(|file| file.scope == *scope))
    }

    /// At most `most` of this owner's available files behind the cursor, newest first.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn files(
        &self,
        scope: &Scope,
        cursor: Option<FileCursor>,
        most: u32,
    ) -> Result<Vec<FileRow>, RecordsError> {
        // Ids are letters and digits: before the newest file, no cursor reads like this one.
        let (uploaded_at_ms, file_id) = cursor.map_or((i64::MAX, "~".to_owned()), |cursor| {
            (cursor.uploaded_at_ms, cursor.file_id.to_string())
        });
        let page = query_as(
            "SELECT * FROM files
             WHERE tenant = $1 AND owner = $2 AND state = 'available'
             AND (uploaded_at_ms, file_id) < ($3, $4)
             ORDER BY uploaded_at_ms DESC, file_id DESC LIMIT $5",
        );
        let page = page
            .bind(scope.tenant.as_str())
            .bind(scope.owner.as_str())
            .bind(uploaded_at_ms)
            .bind(file_id)
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?;
        Ok(page)
    }

    /// `available` to `deleting`: from now on the file is not found. Gives what the store must
    /// drop; again while `deleting`, so that a deletion that was cut off can be repeated. The audit
    /// entry is kept with it, and what the caller gave and what was found of the content is removed. A
    /// file on hold stays.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn begin_deleting(
        &self,
        scope: &Scope,
        file_id: &FileId,
        audited: AuditRow,
    ) -> Result<Option<FileRow>, RecordsError> {
        let (scope, file_id) = (scope.clone(), file_id.clone());
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let change = query_as(
                    "UPDATE files SET state = 'deleting'
                     WHERE tenant = $1 AND owner = $2 AND file_id = $3
                     AND state IN ('available', 'deleting') AND hold = FALSE
                     RETURNING *",
                )
                .bind(scope.tenant.as_str())
                .bind(scope.owner.as_str())
                .bind(file_id.as_str());
                let file: Option<FileRow> = change.fetch_optional(&mut *db).await?;
                if let Some(file) = &file {
                    forgetting::forget_file(&mut *db, &file.file_id).await?;
                    forgetting::forget_upload(&mut *db, &file.upload_id).await?;
                    audit::keep(db, audited).await?;
                }
                Ok(file)
            })
        });
        work.await
    }

    /// `deleting` to `deleted`: the store dropped the object. The row stays as a tombstone: a PUT
    /// that was signed before may still be on its way. `audited`: where somebody else than who
    /// began it finishes it.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn finish_deleting(
        &self,
        file_id: &FileId,
        audited: Option<AuditRow>,
    ) -> Result<bool, RecordsError> {
        let change =
            query("UPDATE files SET state = 'deleted' WHERE file_id = $1 AND state = 'deleting'");
        let change = change.bind(file_id.to_string());
        match audited {
            Some(audited) => self.audited_change(change, audited).await,
            None => self.writer.changes(change).await,
        }
    }
}

/// Makes the file of a completed upload, available.
pub(super) async fn insert(
    db: &mut SqliteConnection,
    upload_id: &UploadId,
    object: CompletedObject,
) -> sqlx::Result<()> {
    query(
        "INSERT INTO files (
             file_id, upload_id, tenant, owner, state,
             format, message_id, header, header_len, frame_length, frames_per_part, frame_count,
             plaintext_len, sealed_len, encrypted_dek, s3_bucket, s3_key, s3_version, s3_etag,
             original_filename, metadata, content_type, reference, last_modified_ms,
             sniffed_type, uploaded_at_ms, verification_due_at_ms)
         SELECT
             file_id, upload_id, tenant, owner, 'available',
             format, message_id, header, header_len, frame_length, frames_per_part, frame_count,
             plaintext_len, sealed_len, encrypted_dek, s3_bucket, s3_key, $2, $3,
             original_filename, metadata, content_type, reference, last_modified_ms,
             $4, $5, $6
         FROM uploads WHERE upload_id = $1",
    )
    .bind(upload_id.as_str())
    .bind(object.version.map(|version| version.0))
    .bind(object.etag.0)
    .bind(object.sniffed_type.map(SniffedType::as_str))
    .bind(object.uploaded_at_ms)
    .bind(object.verification_due_at_ms)
    .execute(db)
    .await?;
    Ok(())
}

/// The available file of an upload.
pub(super) async fn of_upload(
    db: &mut SqliteConnection,
    upload_id: &UploadId,
) -> sqlx::Result<Option<FileRow>> {
    query_as("SELECT * FROM files WHERE upload_id = $1 AND state = 'available'")
        .bind(upload_id.as_str())
        .fetch_optional(db)
        .await
}

impl FromRow<'_, SqliteRow> for FileRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let version: Option<String> = row.try_get("s3_version")?;
        let sniffed_type: Option<String> = row.try_get("sniffed_type")?;
        Ok(Self {
            file_id: row.parsed("file_id")?,
            upload_id: row.parsed("upload_id")?,
            scope: row.scope()?,
            message_id: row.bytes("message_id")?,
            header: row.try_get("header")?,
            plan: row.plan()?,
            s3_key: ObjectKey::from_record(row.try_get("s3_key")?),
            bucket: row.try_get("s3_bucket")?,
            version: version.map(VersionId),
            etag: ETag(row.try_get("s3_etag")?),
            encrypted_dek: row.try_get("encrypted_dek")?,
            name: row.try_get("original_filename")?,
            metadata: row.try_get("metadata")?,
            content_type: row.try_get("content_type")?,
            sniffed_type: sniffed_type.and_then(|name| SniffedType::from_record(&name)),
            reference: row.try_get("reference")?,
            uploaded_at_ms: row.try_get("uploaded_at_ms")?,
            verification: verification(row)?,
        })
    }
}

/// A file that is to be verified again is pending, unless it is known to be damaged: that stays true
/// until a pass finds otherwise, however long the store or the keys are away.
fn verification(row: &SqliteRow) -> sqlx::Result<KeptVerification> {
    let due_at_ms: Option<i64> = row.try_get("verification_due_at_ms")?;
    let verified_at_ms: Option<i64> = row.try_get("verified_at_ms")?;
    let Some(at_ms) = verified_at_ms else {
        return Ok(KeptVerification::Pending);
    };
    if let Some(code) = row.try_get("verification_code")? {
        return Ok(KeptVerification::Failed { at_ms, code });
    }
    if due_at_ms.is_some() {
        return Ok(KeptVerification::Pending);
    }
    // A row that lost its hash is shown as damaged by whoever opens it, and fails no list.
    let sealed_sha256: Option<Vec<u8>> = row.try_get("sealed_sha256")?;
    Ok(KeptVerification::Verified {
        at_ms,
        sealed_sha256: sealed_sha256.unwrap_or_default(),
    })
}

//! Files: a completed upload becomes a file and stays one until it is deleted.

use sealift_transfer::{
    PartPlan,
    api::{FileId, UploadId},
};
use sqlx::{FromRow, Row as _, SqliteConnection, query, query_as, sqlite::SqliteRow};

use super::{
    AuditRow, CompletedObject, RecordedHeader, Records, RecordsError, Scope, audit,
    columns::Columns as _, forgetting,
};
use crate::{
    objects::{ETag, ObjectKey, VersionId},
    sniffed::SniffedType,
    unix_millis::UnixMillis,
};

/// A file as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The id of the file.
    pub file_id: FileId,
    /// The upload that made the file's object.
    pub upload_id: UploadId,
    /// The tenant and owner of the file.
    pub scope: Scope,
    /// The message's id.
    pub message_id: [u8; 32],
    /// The message's header.
    pub header: RecordedHeader,
    /// The numbers of frames and parts, and the sizes.
    pub plan: PartPlan,
    /// The key of the object.
    pub s3_key: ObjectKey,
    /// The bucket that holds the object.
    pub bucket: String,
    /// The object's version, if the bucket keeps versions.
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
    /// The media type that the first bytes show, if browsers can display that type without running it.
    pub sniffed_type: Option<SniffedType>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// When the upload was completed.
    pub uploaded_at: UnixMillis,
    /// The result of the last verification.
    pub verification: KeptVerification,
}

/// The result of a file's verification, the pass over all its frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptVerification {
    /// There is no result yet.
    Pending,
    /// Every frame was authentic and all of them were there.
    Verified {
        /// When the pass ended.
        at: UnixMillis,
        /// The SHA-256 of the plaintext, sealed.
        sealed_sha256: Vec<u8>,
    },
    /// The stored object does not open, or is another object.
    Failed {
        /// When the pass ended.
        at: UnixMillis,
        /// The code of the problem that the pass found.
        code: String,
    },
}

impl KeptVerification {
    /// Returns true if the object is known to be damaged.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// A position in the list of files, newest first. The next page begins behind it. It stays valid when
/// files are added or deleted meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCursor {
    /// When the last file of the previous page was completed.
    pub uploaded_at: UnixMillis,
    /// The id of that file.
    pub file_id: FileId,
}

impl Records {
    /// Returns a file of this owner if it is available.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
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

    /// Returns true if this owner has the file, and it is neither deleted nor being deleted.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
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

    /// Returns the file that this owner's upload became, if it is available. The file is still found by its first
    /// upload after its object was replaced by that of another upload.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn file_of_upload(
        &self,
        scope: &Scope,
        upload_id: &UploadId,
    ) -> Result<Option<FileRow>, RecordsError> {
        let row = query_as(
            "SELECT files.* FROM files JOIN uploads ON uploads.file_id = files.file_id
             WHERE uploads.upload_id = $1 AND files.tenant = $2 AND files.owner = $3
             AND files.state = 'available'
             AND (files.upload_id = $1 OR uploads.client_token = 'replaced:' || $1)",
        );
        let row = row
            .bind(upload_id.as_str())
            .bind(scope.tenant.as_str())
            .bind(scope.owner.as_str());
        Ok(row.fetch_optional(&self.readers).await?)
    }

    /// Returns at most `most` of this owner's available files behind the cursor, newest first.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn files(
        &self,
        scope: &Scope,
        cursor: Option<FileCursor>,
        most: u32,
    ) -> Result<Vec<FileRow>, RecordsError> {
        // Ids consist of letters and digits, so "~" sorts behind every id: without a cursor the list
        // begins with the newest file.
        let (uploaded_at, file_id) = cursor.map_or((UnixMillis::MAX, "~".to_owned()), |cursor| {
            (cursor.uploaded_at, cursor.file_id.to_string())
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
            .bind(uploaded_at)
            .bind(file_id)
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?;
        Ok(page)
    }

    /// Moves a file from `available` to `deleting`, so that it is not found any more, and returns it,
    /// because the caller must delete its object from the store. It also returns a file that is
    /// `deleting` already, so that an interrupted deletion can be repeated. The same transaction
    /// removes what the caller gave and what was found out about the content, and saves the audit
    /// entry. A file on hold is not deleted.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
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

    /// Moves a file from `deleting` to `deleted` after its object was deleted from the store. The row
    /// stays as a tombstone, because a PUT that was signed before may still arrive. `audited` is given
    /// if the sweeper finishes a deletion that a request began.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
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

/// Inserts the file of a completed upload; it is available at once.
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
             sniffed_type, uploaded_at_ms, verification_due_at_ms, verified_at_ms, sealed_sha256)
         SELECT
             file_id, upload_id, tenant, owner, 'available',
             format, message_id, header, header_len, frame_length, frames_per_part, frame_count,
             plaintext_len, sealed_len, encrypted_dek, s3_bucket, s3_key, $2, $3,
             original_filename, metadata, content_type, reference, last_modified_ms,
             $4, $5, $6, $7, $8
         FROM uploads WHERE upload_id = $1",
    )
    .bind(upload_id.as_str())
    .bind(object.version.map(|version| version.0))
    .bind(object.etag.0)
    .bind(object.sniffed_type.map(SniffedType::as_str))
    .bind(object.uploaded_at)
    .bind(object.verification_due_at)
    .bind(object.verified.as_ref().map(|_| object.uploaded_at))
    .bind(object.verified.map(|verified| verified.sealed_sha256))
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the file of an upload if it is available.
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
            header: RecordedHeader::new(row.try_get("header")?),
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
            uploaded_at: row.try_get("uploaded_at_ms")?,
            verification: verification(row)?,
        })
    }
}

/// Returns the state of a file's verification. A file that is due again is pending, unless it is known
/// to be damaged: that result stays until a new pass finds otherwise, however long the store or the
/// keys are unavailable.
fn verification(row: &SqliteRow) -> sqlx::Result<KeptVerification> {
    let due_at: Option<UnixMillis> = row.try_get("verification_due_at_ms")?;
    let verified_at: Option<UnixMillis> = row.try_get("verified_at_ms")?;
    let Some(at) = verified_at else {
        return Ok(KeptVerification::Pending);
    };
    if let Some(code) = row.try_get("verification_code")? {
        return Ok(KeptVerification::Failed { at, code });
    }
    if due_at.is_some() {
        return Ok(KeptVerification::Pending);
    }
    // A row that lost its hash must not break the list. The file itself is shown as damaged when
    // somebody opens it.
    let sealed_sha256: Option<Vec<u8>> = row.try_get("sealed_sha256")?;
    Ok(KeptVerification::Verified {
        at,
        sealed_sha256: sealed_sha256.unwrap_or_default(),
    })
}

//! Replaces the object of a file by one that was sealed again from it. The file keeps its id and everything that
//! its owner knows of it, and gets the message and the object of the new upload.

use sealift_transfer::api::{FileId, TenantId, UploadId};
use sqlx::{SqliteConnection, query, query_as, query_scalar};

use super::{
    AuditRow, CompletedObject, FileRow, LeaseOwner, Records, RecordsError, audit,
    columns::unreadable, files, forgetting,
};

/// The result of an attempt to replace a file's object.
#[derive(Debug)]
pub enum Replaced {
    /// The file has the new object. The upload of the old one is `aborting`, so that the sweeper removes that
    /// object if its remover dies.
    Done(Box<FileRow>),
    /// The file was deleted or has another object by now, or the store was moved since the new upload was opened.
    /// Nothing was changed.
    NotTheFiles,
    /// Another server or task completes the new upload. Nothing was changed.
    LeaseLost,
}

impl Records {
    /// Returns a file of any owner if it is available.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn file_of_any_owner(
        &self,
        file_id: &FileId,
    ) -> Result<Option<FileRow>, RecordsError> {
        let row = query_as("SELECT * FROM files WHERE file_id = $1 AND state = 'available'");
        let row = row.bind(file_id.as_str()).fetch_optional(&self.readers);
        Ok(row.await?)
    }

    /// Returns the plaintext bytes of all available files together, of one tenant or of all.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn size_of_files(&self, tenant: Option<&TenantId>) -> Result<u64, RecordsError> {
        let bytes = query_scalar(
            "SELECT coalesce(sum(plaintext_len), 0) FROM files
             WHERE state = 'available' AND ($1 IS NULL OR tenant = $1)",
        );
        let bytes: i64 = bytes
            .bind(tenant.map(ToString::to_string))
            .fetch_one(&self.readers)
            .await?;
        Ok(u64::try_from(bytes).map_err(|error| unreadable("plaintext_len", error))?)
    }

    /// Completes an upload that seals a file again: its object becomes the file's, with the SHA-256 of the
    /// plaintext that the pass over all its frames found. Only the owner of the lease may do it, and only while the
    /// file has the object that the upload replaces, and only in the epoch in which the upload was opened: after a
    /// move of the store, the new object would be in the old one.
    ///
    /// The client token goes over to the new upload, so that a client that opens its upload again still finds the
    /// file.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn replace_object(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        object: CompletedObject,
        sealed_sha256: Vec<u8>,
        audited: AuditRow,
    ) -> Result<Replaced, RecordsError> {
        let upload_id = upload_id.clone();
        let work = self.writer.write(move |db| {
            Box::pin(async move {
                let held = query(
                    "SELECT 1 FROM uploads
                     WHERE upload_id = $1 AND state = 'completing' AND completing_by = $2",
                );
                let held = held.bind(upload_id.as_str()).bind(owner.to_column());
                if held.fetch_optional(&mut *db).await?.is_none() {
                    return Ok(Replaced::LeaseLost);
                }
                let file = replace(db, &upload_id, object, sealed_sha256).await?;
                let Some(file) = file else {
                    return Ok(Replaced::NotTheFiles);
                };
                audit::keep(db, audited).await?;
                Ok(Replaced::Done(Box::new(file)))
            })
        });
        work.await
    }
}

async fn replace(
    db: &mut SqliteConnection,
    upload_id: &UploadId,
    object: CompletedObject,
    sealed_sha256: Vec<u8>,
) -> sqlx::Result<Option<FileRow>> {
    let change = query(
        "UPDATE files SET
             upload_id = fresh.upload_id, format = fresh.format, message_id = fresh.message_id,
             header = fresh.header, header_len = fresh.header_len, frame_length = fresh.frame_length,
             frames_per_part = fresh.frames_per_part, frame_count = fresh.frame_count,
             sealed_len = fresh.sealed_len, encrypted_dek = fresh.encrypted_dek,
             s3_bucket = fresh.s3_bucket, s3_key = fresh.s3_key, s3_version = $2, s3_etag = $3,
             original_filename = fresh.original_filename, metadata = fresh.metadata,
             verified_at_ms = $4, sealed_sha256 = $5, verification_code = NULL,
             verification_due_at_ms = NULL
         FROM uploads AS fresh
         WHERE fresh.upload_id = $1 AND fresh.epoch = (SELECT epoch FROM deployment)
         AND files.file_id = fresh.file_id AND files.upload_id = fresh.reseals
         AND files.plaintext_len = fresh.plaintext_len AND files.state = 'available'",
    );
    let change = change
        .bind(upload_id.as_str())
        .bind(object.version.map(|version| version.0))
        .bind(object.etag.0)
        .bind(object.uploaded_at)
        .bind(sealed_sha256);
    if change.execute(&mut *db).await?.rows_affected() == 0 {
        return Ok(None);
    }
    retire(db, upload_id).await?;
    files::of_upload(db, upload_id).await
}

/// Completes the new upload and begins to abort the old one. The client token moves from the old row to the new one.
async fn retire(db: &mut SqliteConnection, upload_id: &UploadId) -> sqlx::Result<()> {
    let old: (String, String, Vec<u8>) = query_as(
        "SELECT upload_id, client_token, request_mac FROM uploads
         WHERE upload_id = (SELECT reseals FROM uploads WHERE upload_id = $1)",
    )
    .bind(upload_id.as_str())
    .fetch_one(&mut *db)
    .await?;
    let (old_id, client_token, request_mac) = old;
    let old_id = old_id
        .parse()
        .map_err(|error| unreadable("reseals", error))?;
    forgetting::forget_upload(&mut *db, &old_id).await?;
    // No client can use this token, because clients' tokens have no colon. `Records::file_of_upload` finds the file
    // by it for a client that knows the old upload's id.
    query(
        "UPDATE uploads SET state = 'aborting', client_token = 'replaced:' || upload_id
         WHERE upload_id = $1",
    )
    .bind(old_id.as_str())
    .execute(&mut *db)
    .await?;
    query(
        "UPDATE uploads SET state = 'complete', completing_by = NULL, completing_until_ms = NULL,
             client_token = $2, request_mac = $3
         WHERE upload_id = $1",
    )
    .bind(upload_id.as_str())
    .bind(client_token)
    .bind(request_mac)
    .execute(db)
    .await
    .map(drop)
}

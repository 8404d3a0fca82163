//! The row of an upload: inserting it and reading it.

use sealift_transfer::{
    PartPlan,
    api::{FileId, UploadId, UploadState, open::Method},
};
use sqlx::{FromRow, Row as _, SqliteConnection, query, sqlite::SqliteRow};

use super::{
    RecordedHeader, Scope,
    columns::{Columns as _, bigint, unreadable},
};
use crate::{
    objects::{ObjectKey, S3UploadId},
    unix_millis::UnixMillis,
};

/// A new upload. All its fields are saved before the server sends anything of it.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The id of the upload.
    pub upload_id: UploadId,
    /// The id of the file that it becomes.
    pub file_id: FileId,
    /// The tenant and owner of the upload.
    pub scope: Scope,
    /// The token by which the client finds the upload again; it is unique within one owner.
    pub client_token: String,
    /// The keyed fingerprint of the opening request. It distinguishes a repeated request from another
    /// request with the same token. It is empty if the request cannot be repeated.
    pub request_mac: Vec<u8>,
    /// The message's id, which was never used before.
    pub message_id: [u8; 32],
    /// The message's header.
    pub header: Vec<u8>,
    /// The numbers of frames and parts, and the sizes.
    pub plan: PartPlan,
    /// How the bytes reach the store. A single PUT is `open` at once, because the store need not be
    /// prepared for it.
    pub method: Method,
    /// True if the server itself seals the file. Nobody else then gets its key or a signature
    /// (docs/FORMAT.md, R2).
    pub is_sealed_here: bool,
    /// The upload whose object this one replaces, if a file is sealed again.
    pub reseals: Option<UploadId>,
    /// The key that the object will have.
    pub s3_key: ObjectKey,
    /// The bucket of the object.
    pub bucket: String,
    /// The encrypted data key's ciphertext.
    pub encrypted_dek: Vec<u8>,
    /// The file's name, sealed.
    pub name: Vec<u8>,
    /// The caller's own data, sealed.
    pub metadata: Option<Vec<u8>>,
    /// The media type as given.
    pub content_type: Option<String>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// The file's last modification as given.
    pub last_modified_ms: Option<i64>,
    /// The current time.
    pub opened_at: UnixMillis,
    /// When the upload expires unless a part is signed.
    pub expires_at: UnixMillis,
}

/// An upload as the database holds it.
#[derive(Debug, Clone)]
pub struct UploadRow {
    /// The id of the upload.
    pub upload_id: UploadId,
    /// The id of the file that it becomes.
    pub file_id: FileId,
    /// The tenant and owner of the upload.
    pub scope: Scope,
    /// The token by which the client finds the upload again.
    pub client_token: String,
    /// The keyed fingerprint of the opening request. It is empty once it was removed.
    pub request_mac: Vec<u8>,
    /// The state of the upload.
    pub state: UploadState,
    /// True if the upload was opened in the current epoch. If not, it is older than the last restore or
    /// move of the store, and nothing of it may be signed.
    pub epoch_is_current: bool,
    /// The message's id.
    pub message_id: [u8; 32],
    /// The message's header.
    pub header: RecordedHeader,
    /// The numbers of frames and parts, and the sizes.
    pub plan: PartPlan,
    /// How the bytes reach the store.
    pub method: Method,
    /// True if the server itself seals the file. Nobody else then gets its key or a signature
    /// (docs/FORMAT.md, R2).
    pub is_sealed_here: bool,
    /// The upload whose object this one replaces, if a file is sealed again.
    pub reseals: Option<UploadId>,
    /// The key that the object has or will have.
    pub s3_key: ObjectKey,
    /// The bucket of the object.
    pub bucket: String,
    /// The store's id of the multipart upload. It is `None` while the upload is `opening`, and for a
    /// single PUT.
    pub s3_upload_id: Option<S3UploadId>,
    /// The encrypted data key's ciphertext.
    pub encrypted_dek: Vec<u8>,
    /// The file's name, sealed; empty once it was removed.
    pub name: Vec<u8>,
    /// The caller's own data, sealed.
    pub metadata: Option<Vec<u8>>,
    /// The media type as given.
    pub content_type: Option<String>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// The file's last modification as given.
    pub last_modified_ms: Option<i64>,
    /// When the upload was opened.
    pub opened_at: UnixMillis,
    /// When the upload expires unless another part is signed.
    pub expires_at: UnixMillis,
    /// Until when a PUT may still make an object, whatever the state of the upload is.
    pub last_signature_ends_at: Option<UnixMillis>,
}

/// The format of the messages that Sealift seals. It is written into every row.
const FORMAT: &str = "sealift-1";

/// Inserts a new upload of the current epoch. It is `opening`, or `open` if it is a single PUT.
pub(super) async fn insert(db: &mut SqliteConnection, new: NewUpload) -> sqlx::Result<()> {
    let layout = new.plan.layout();
    query(
        "INSERT INTO uploads (
             upload_id, file_id, tenant, owner, client_token, request_mac, epoch, state,
             format, message_id, header, header_len, frame_length, frames_per_part, frame_count,
             plaintext_len, sealed_len, encrypted_dek, s3_bucket, s3_key, original_filename,
             metadata, content_type, reference, last_modified_ms, opened_at_ms, expires_at_ms,
             method, is_sealed_here, reseals)
         SELECT $1, $2, $3, $4, $5, $6, epoch,
             CASE WHEN $26 = 'single' THEN 'open' ELSE 'opening' END,
             $7, $8, $9, $10, $11, $12, $13,
             $14, $15, $16, $17, $18, $19,
             $20, $21, $22, $23, $24, $25,
             $26, $27, $28
         FROM deployment",
    )
    .bind(new.upload_id.as_str())
    .bind(new.file_id.as_str())
    .bind(new.scope.tenant.as_str())
    .bind(new.scope.owner.as_str())
    .bind(new.client_token)
    .bind(new.request_mac)
    .bind(FORMAT)
    .bind(new.message_id.to_vec())
    .bind(new.header)
    .bind(bigint(layout.header_len())?)
    .bind(i64::from(layout.frame_length().get()))
    .bind(bigint(new.plan.frames_per_part())?)
    .bind(bigint(layout.frame_count())?)
    .bind(bigint(layout.plaintext_len())?)
    .bind(bigint(layout.sealed_len())?)
    .bind(new.encrypted_dek)
    .bind(new.bucket)
    .bind(new.s3_key.as_str())
    .bind(new.name)
    .bind(new.metadata)
    .bind(new.content_type)
    .bind(new.reference)
    .bind(new.last_modified_ms)
    .bind(new.opened_at)
    .bind(new.expires_at)
    .bind(method_name(new.method))
    .bind(new.is_sealed_here)
    .bind(new.reseals.map(|replaced| replaced.to_string()))
    .execute(db)
    .await?;
    Ok(())
}

impl FromRow<'_, SqliteRow> for UploadRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let current_epoch: i64 = row.try_get("current_epoch")?;
        Ok(Self {
            upload_id: row.parsed("upload_id")?,
            file_id: row.parsed("file_id")?,
            scope: row.scope()?,
            client_token: row.try_get("client_token")?,
            request_mac: row.try_get("request_mac")?,
            state: state(row)?,
            epoch_is_current: row.try_get::<i64, _>("epoch")? == current_epoch,
            message_id: row.bytes("message_id")?,
            header: RecordedHeader::new(row.try_get("header")?),
            plan: row.plan()?,
            method: method(row)?,
            is_sealed_here: row.try_get("is_sealed_here")?,
            reseals: reseals(row)?,
            s3_key: ObjectKey::from_record(row.try_get("s3_key")?),
            bucket: row.try_get("s3_bucket")?,
            s3_upload_id: row.try_get::<Option<_>, _>("s3_upload_id")?.map(S3UploadId),
            encrypted_dek: row.try_get("encrypted_dek")?,
            name: row.try_get("original_filename")?,
            metadata: row.try_get("metadata")?,
            content_type: row.try_get("content_type")?,
            reference: row.try_get("reference")?,
            last_modified_ms: row.try_get("last_modified_ms")?,
            opened_at: row.try_get("opened_at_ms")?,
            expires_at: row.try_get("expires_at_ms")?,
            last_signature_ends_at: row.try_get("last_signature_ends_at_ms")?,
        })
    }
}

/// Reads the state of a row's upload.
pub(super) fn state(row: &SqliteRow) -> sqlx::Result<UploadState> {
    let name: &str = row.try_get("state")?;
    UploadState::from_name(name).ok_or_else(|| unreadable("state", "no such state"))
}

fn reseals(row: &SqliteRow) -> sqlx::Result<Option<UploadId>> {
    let replaced: Option<&str> = row.try_get("reseals")?;
    let replaced = replaced.map(str::parse).transpose();
    replaced.map_err(|error| unreadable("reseals", error))
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Multipart => "multipart",
        Method::Single => "single",
    }
}

fn method(row: &SqliteRow) -> sqlx::Result<Method> {
    match row.try_get("method")? {
        "multipart" => Ok(Method::Multipart),
        "single" => Ok(Method::Single),
        _ => Err(unreadable("method", "no such method")),
    }
}

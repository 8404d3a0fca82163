//! `GET /v1/files` (by cursor), `GET` and `DELETE /v1/files/{id}`, `GET|HEAD
//! /v1/files/{id}/content`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ids::{FileId, UploadId},
    sha256::base64_bytes,
};

/// The path of the collection.
pub const PATH: &str = "/v1/files";

/// Where to `GET` or `DELETE` a file's record.
#[must_use]
pub fn path(file: &FileId) -> String {
    format!("/v1/files/{file}")
}

/// Where to `GET` or `HEAD` a file's plaintext.
#[must_use]
pub fn content_path(file: &FileId) -> String {
    format!("/v1/files/{file}/content")
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The file.
    pub id: FileId,
    /// The upload that made its present object.
    pub upload_id: UploadId,
    /// Its name as given. May hold quotes and marks that change the direction of writing.
    pub name: String,
    /// Its media type as given.
    pub content_type: Option<String>,
    /// Plaintext bytes.
    pub size: u64,
    /// Bytes of the object.
    pub sealed_size: u64,
    /// The caller's own data.
    pub metadata: Option<serde_json::Value>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// When it was complete; milliseconds since the Unix epoch.
    pub uploaded_at_ms: i64,
    /// When every frame had been opened and found good, if that happened yet.
    pub verified_at_ms: Option<i64>,
    /// The bucket.
    pub bucket: String,
    /// The object key.
    pub object_key: String,
    /// The store's ETag of the object.
    pub etag: String,
    /// The store's version of the object, where the store has versions.
    pub version: Option<String>,
    /// The encrypted data key's ciphertext (for KMS: the blob).
    #[serde(with = "base64_bytes")]
    pub encrypted_data_key: Vec<u8>,
    /// The encryption context, which the key is bound to.
    pub encryption_context: BTreeMap<String, String>,
}

/// One page of files, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileList {
    /// The files.
    pub files: Vec<FileRecord>,
    /// Give it as `?cursor=` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

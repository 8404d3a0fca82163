//! `GET /v1/files` (by cursor, by a word in the name), `GET` and `DELETE /v1/files/{id}`, `GET|HEAD
//! /v1/files/{id}/content`, `POST /v1/files/{id}/verify`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ids::{FileId, UploadId},
    problem::ProblemCode,
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

/// Where to `POST` the wish that every frame of a file be opened and compared once more. Answered
/// with 202 and the file's record; the work is done behind it, see [`Verification`].
#[must_use]
pub fn verify_path(file: &FileId) -> String {
    format!("/v1/files/{file}/verify")
}

/// A field of a record whose sealed value in the database does not open: the row was damaged, or the
/// key that sealed it is gone. The file itself may still be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreadableField {
    /// The name, which is empty then.
    Name,
    /// The caller's own data, which is absent then.
    Metadata,
    /// The SHA-256 of the plaintext. The state of the verification is `unknown` then; verifying the
    /// file again mends it.
    Verification,
    /// The encryption context, which is empty then: the header in the database is damaged.
    EncryptionContext,
    /// A field that only a newer server has.
    #[serde(other)]
    Other,
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
    /// Whether every frame of it was opened and found good.
    pub verification: Verification,
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
    /// The fields of this record that cannot be read. Such a file can still be deleted and, where
    /// its header is whole, downloaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
}

/// What the pass over all frames of a file found, which runs by itself after an upload and again
/// when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Verification {
    /// Not done yet: not since the upload, or, of a file that was good, not since it was asked for
    /// again.
    Pending,
    /// Every frame was authentic and all of them were there.
    Verified {
        /// When; milliseconds since the Unix epoch.
        at_ms: i64,
        /// SHA-256 of the plaintext, as 64 lower-case hexadecimal digits: what `sha256sum` prints.
        plaintext_sha256: String,
    },
    /// The stored object does not open, or is another one. So it is told until a later pass, which
    /// may be under way, has found something else, at a later moment.
    Failed {
        /// When; milliseconds since the Unix epoch.
        at_ms: i64,
        /// A [`ProblemCode`]'s name, such as `object_damaged`.
        code: String,
    },
    /// The result cannot be read (see [`UnreadableField::Verification`]), or is one that only a newer
    /// server knows.
    #[serde(other)]
    Unknown,
}

impl Verification {
    /// Why it failed, where this version knows the code.
    #[must_use]
    pub fn failure(&self) -> Option<ProblemCode> {
        match self {
            Self::Failed { code, .. } => ProblemCode::from_name(code),
            _ => None,
        }
    }
}

/// One page of files, newest first. `?search=` keeps those whose name has that text, whatever its
/// case, and those whose name cannot be read, because it may have the text; a page may then have few files or none although more follow behind its cursor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileList {
    /// The files.
    pub files: Vec<FileRecord>,
    /// Give it as `?cursor=` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

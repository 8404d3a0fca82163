//! Files: `GET /v1/files` lists or searches them, `GET` and `DELETE /v1/files/{id}` return and delete
//! one, `GET|HEAD /v1/files/{id}/content` returns its plaintext, and `POST /v1/files/{id}/verify`
//! checks all of its frames again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ids::{FileId, UploadId},
    problem::ProblemCode,
    sha256::base64_bytes,
};

/// The path of the list of files.
pub const PATH: &str = "/v1/files";

/// Returns the path to `GET` a file's record from, and to `DELETE` the file.
#[must_use]
pub fn path(file: &FileId) -> String {
    format!("/v1/files/{file}")
}

/// Returns the path to `GET` or `HEAD` a file's plaintext.
#[must_use]
pub fn content_path(file: &FileId) -> String {
    format!("/v1/files/{file}/content")
}

/// Returns the path to `POST` to so that the server opens every frame of a file and compares it once
/// more. The answer is a 202 with the file's record; the work follows, see [`Verification`].
#[must_use]
pub fn verify_path(file: &FileId) -> String {
    format!("/v1/files/{file}/verify")
}

/// A field of a record whose sealed value in the database cannot be opened, because the row was
/// damaged or the key that sealed it is gone. The file itself may still be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum UnreadableField {
    /// The name. The record has an empty name then.
    Name,
    /// The caller's own data. The record has none then.
    Metadata,
    /// The SHA-256 of the plaintext. The state of the verification is `unknown` then. Verifying the
    /// file again repairs it.
    Verification,
    /// The encryption context. The record has an empty one then, because the header in the database is
    /// damaged.
    EncryptionContext,
    /// A field that only a newer server has.
    #[serde(other)]
    Other,
}

/// The record of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileRecord {
    /// The id of the file.
    pub id: FileId,
    /// The upload that made the file's present object.
    pub upload_id: UploadId,
    /// The file's name as given. It may hold quotes and marks that change the direction of writing.
    pub name: String,
    /// The file's media type as given.
    pub content_type: Option<String>,
    /// The file's size in plaintext bytes.
    pub size: u64,
    /// The object's size in bytes.
    pub sealed_size: u64,
    /// The caller's own data.
    pub metadata: Option<serde_json::Value>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// When the upload was completed; milliseconds since the Unix epoch.
    pub uploaded_at_ms: i64,
    /// Whether the server opened every frame of the file and found it good.
    pub verification: Verification,
    /// The bucket that holds the object.
    pub bucket: String,
    /// The object key of the object.
    pub object_key: String,
    /// The object's ETag in the store.
    pub etag: String,
    /// The object's version, if the store has versions.
    pub version: Option<String>,
    /// The ciphertext of the encrypted data key. For KMS this is the `CiphertextBlob`.
    #[serde(with = "base64_bytes")]
    #[cfg_attr(test, ts(type = "string"))]
    pub encrypted_data_key: Vec<u8>,
    /// The encryption context that the data key is bound to.
    pub encryption_context: BTreeMap<String, String>,
    /// The fields of this record that cannot be read. Such a file can still be deleted and, if its
    /// header is undamaged, downloaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
}

/// The result of the check of all frames of a file. The check runs by itself after an upload, and
/// again on request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Verification {
    /// The check has not ended yet. A file that was good is pending again after a request to verify it.
    Pending,
    /// Every frame was authentic and all of them were there.
    Verified {
        /// When the check ended; milliseconds since the Unix epoch.
        at_ms: i64,
        /// SHA-256 of the plaintext as 64 lower-case hexadecimal digits, as `sha256sum` prints it.
        plaintext_sha256: String,
    },
    /// The stored object cannot be opened, or it is another object. This result stays until a later
    /// check, which may be running now, finds something else.
    Failed {
        /// When the check ended; milliseconds since the Unix epoch.
        at_ms: i64,
        /// The name of a [`ProblemCode`], such as `object_damaged`.
        code: String,
    },
    /// The result cannot be read (see [`UnreadableField::Verification`]), or only a newer server knows
    /// it.
    #[serde(other)]
    Unknown,
}

impl Verification {
    /// Returns why the check failed, if this version knows the code.
    #[must_use]
    pub fn failure(&self) -> Option<ProblemCode> {
        match self {
            Self::Failed { code, .. } => ProblemCode::from_name(code),
            _ => None,
        }
    }
}

/// One page of files, newest first. `?search=` keeps the files whose name contains that text in any
/// case, and the files whose name cannot be read, because it may contain the text. A page of a search
/// may have few files or none, although more follow after its cursor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileList {
    /// The files of this page.
    pub files: Vec<FileRecord>,
    /// The value of `?cursor=` for the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

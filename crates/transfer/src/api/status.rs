//! `GET /v1/uploads/{id}` returns what a resume needs, except the key. `DELETE` on the same path aborts
//! the upload. `POST /v1/uploads/{id}/key` returns the content key again, as 32 raw bytes.

use serde::{Deserialize, Serialize};

use super::{
    files::{FileRecord, UnreadableField},
    ids::{FileId, UploadId},
    open::Method,
    sha256::{Sha256, base64_bytes},
};
use crate::part_plan::{PartNumber, PartPlan};

/// Returns the path to `GET` [`UploadStatus`] from, and to `DELETE` to abort the upload.
#[must_use]
pub fn path(upload: &UploadId) -> String {
    format!("/v1/uploads/{upload}")
}

/// Returns the path to `POST` to for the content key, as 32 raw bytes.
#[must_use]
pub fn key_path(upload: &UploadId) -> String {
    format!("/v1/uploads/{upload}/key")
}

/// The state of an upload on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// The upload is recorded, but the store does not have its multipart upload yet.
    Opening,
    /// Parts may be signed and sent.
    Open,
    /// The server has asked the store to join the parts.
    Completing,
    /// The file exists.
    Complete,
    /// The upload is being aborted.
    Aborting,
    /// The upload was aborted.
    Aborted,
    /// The stored object was wrong, and the server removed it.
    Failed,
}

impl UploadState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Opening,
        Self::Open,
        Self::Completing,
        Self::Complete,
        Self::Aborting,
        Self::Aborted,
        Self::Failed,
    ];

    /// Returns the name of the state in the API and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Completing => "completing",
            Self::Complete => "complete",
            Self::Aborting => "aborting",
            Self::Aborted => "aborted",
            Self::Failed => "failed",
        }
    }

    /// Returns the state with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// The status of an upload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UploadStatus {
    /// The id of the upload.
    pub upload_id: UploadId,
    /// The file that the upload will become.
    pub file_id: FileId,
    /// The state of the upload.
    pub state: UploadState,
    /// How to send the sealed bytes.
    pub method: Method,
    /// The file's name as given at the start. It is empty once the upload was aborted or has failed.
    pub name: String,
    /// The file's last modification as given at the start, milliseconds since the Unix epoch.
    pub last_modified_ms: Option<i64>,
    /// The message's header.
    #[serde(with = "base64_bytes")]
    pub header: Vec<u8>,
    /// The plan of frames, parts and sizes.
    pub plan: PartPlan,
    /// When the upload ends unless another part is signed; milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
    /// The most parts that one signing request may name.
    pub most_parts_per_request: u16,
    /// Every part that was ever signed, by number.
    pub parts: Vec<PartStatus>,
    /// The file, if the upload is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<FileRecord>>,
    /// The fields that cannot be read: only `name` occurs here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
}

/// A part that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartStatus {
    /// The number of the part.
    pub number: PartNumber,
    /// SHA-256 of the part's only ciphertext.
    pub sha256: Sha256,
    /// Whether the store holds exactly that ciphertext.
    pub stored: bool,
}

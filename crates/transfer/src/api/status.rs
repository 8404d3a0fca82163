//! `GET /v1/uploads/{id}`: what resume needs, without the key. `DELETE` here aborts.
//! `POST /v1/uploads/{id}/key`: the content key again, 32 raw bytes.

use serde::{Deserialize, Serialize};

use super::{
    files::{FileRecord, UnreadableField},
    ids::{FileId, UploadId},
    open::Method,
    sha256::{Sha256, base64_bytes},
};
use crate::part_plan::{PartNumber, PartPlan};

/// Where to `GET` [`UploadStatus`], and to `DELETE` to abort.
#[must_use]
pub fn path(upload: &UploadId) -> String {
    format!("/v1/uploads/{upload}")
}

/// Where to `POST` for the content key, as 32 raw bytes.
#[must_use]
pub fn key_path(upload: &UploadId) -> String {
    format!("/v1/uploads/{upload}/key")
}

/// The server's states of an upload (DESIGN.md 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Recorded; the store does not have its multipart upload yet.
    Opening,
    /// Parts may be signed and sent.
    Open,
    /// The store was asked to put the parts together.
    Completing,
    /// The file is there.
    Complete,
    /// Being taken back.
    Aborting,
    /// Taken back.
    Aborted,
    /// The stored object was wrong and was removed.
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

    /// The name in the API and in the database.
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

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UploadStatus {
    /// This upload.
    pub upload_id: UploadId,
    /// The file it becomes.
    pub file_id: FileId,
    /// Where it stands.
    pub state: UploadState,
    /// How to send.
    pub method: Method,
    /// The file's name as given at the start; empty once the upload was taken back or has failed.
    pub name: String,
    /// The file's last modification as given at the start, milliseconds since the Unix epoch.
    pub last_modified_ms: Option<i64>,
    /// The message's header.
    #[serde(with = "base64_bytes")]
    pub header: Vec<u8>,
    /// Frames, parts and sizes.
    pub plan: PartPlan,
    /// When the upload ends unless another part is signed; milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
    /// How many parts one signing request may name.
    pub most_parts_per_request: u16,
    /// Every part that was ever signed, by number.
    pub parts: Vec<PartStatus>,
    /// The file, where the upload is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<FileRecord>>,
    /// The fields that cannot be read: only `name` occurs here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
}

/// A part that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartStatus {
    /// Which part.
    pub number: PartNumber,
    /// Of its only ciphertext.
    pub sha256: Sha256,
    /// Whether the store holds exactly that ciphertext.
    pub stored: bool,
}

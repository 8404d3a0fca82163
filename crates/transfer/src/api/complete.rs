//! `POST /v1/uploads/{id}/complete` checks an upload whose parts are all sent, and makes the file.
//! Every such request gets the same [`FileRecord`](super::FileRecord).

use serde::{Deserialize, Serialize};

use super::{ids::UploadId, sha256::Sha256};

/// Returns the path to `POST` [`CompleteUpload`] to.
#[must_use]
pub fn path(upload: &UploadId) -> String {
    format!("/v1/uploads/{upload}/complete")
}

/// The body of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompleteUpload {
    /// SHA-256 of the parts' raw 32-byte digests in order. The client computes it with
    /// [`PartReceipts::digest`](super::PartReceipts::digest).
    pub parts_sha256: Sha256,
}

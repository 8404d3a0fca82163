//! `POST /v1/uploads/{id}/complete`: all parts are sent; check and keep. Answers with the
//! [`FileRecord`](super::FileRecord), the same one each time.

use serde::{Deserialize, Serialize};

use super::{ids::UploadId, sha256::Sha256};

/// Where to `POST` [`CompleteUpload`].
#[must_use]
pub fn path(upload: &UploadId) -> String {
    format!("/v1/uploads/{upload}/complete")
}

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompleteUpload {
    /// SHA-256 of the parts' raw 32-byte digests in order, as this client computed them
    /// ([`PartReceipts::digest`](super::PartReceipts::digest)).
    pub parts_sha256: Sha256,
}

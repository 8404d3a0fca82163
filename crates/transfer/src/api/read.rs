//! `POST /v1/files/{id}/open` gives a browser what it needs to fetch a file's object from the store
//! and to decrypt it. The plaintext does not pass through the server.

use core::fmt;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    files::Verification,
    ids::{FileId, UploadId},
    open::ContentKeyText,
    sha256::base64_bytes,
};
use crate::address::{Life, Moment};

/// Returns the path to `POST` to, without a body. The answer is `no-store`, and the server audits it.
#[must_use]
pub fn path(file: &FileId) -> String {
    format!("/v1/files/{file}/open")
}

/// The answer. Everyone who has it can read this one file, so clients read it as bytes and wipe them.
#[derive(Debug, Serialize, Deserialize)]
pub struct FileOpening {
    /// The id of the file.
    pub file_id: FileId,
    /// The upload that sealed the file.
    pub upload_id: UploadId,
    /// The file's name as given.
    pub name: String,
    /// The file's media type as given. Clients only show it and never trust it.
    pub content_type: Option<String>,
    /// The file's size in plaintext bytes.
    pub size: u64,
    /// The object's size in bytes.
    pub sealed_size: u64,
    /// The message's header from the record; the object must begin with these bytes (docs/FORMAT.md, R5).
    #[serde(with = "base64_bytes")]
    pub header: Vec<u8>,
    /// The content key of this one message.
    pub content_key: ContentKeyText,
    /// The object's ETag, which every answer of the store must have (docs/FORMAT.md, R6).
    pub etag: String,
    /// The request that gets the object, whole or by `Range`.
    pub get: PresignedGet,
    /// The result of the check of all frames.
    pub verification: Verification,
}

/// A presigned GET of one object. Its query is a credential: `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresignedGet {
    /// The URL at the store's public endpoint. It names the version if the store has versions.
    pub url: String,
    /// Headers that the client must send as well (`if-match`). It may also send `range`.
    pub headers: BTreeMap<String, String>,
    /// When the signature ends by the server's clock; milliseconds since the Unix epoch. After that,
    /// ask for a fresh one.
    pub expires_at_ms: i64,
    /// How long the signature lasts from the answer on, as in
    /// [`SignedPart`](super::SignedPart::expires_in_ms); milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
}

impl PresignedGet {
    /// Returns the life of this address, which was asked for at `asked_at`.
    #[must_use]
    pub fn life(&self, asked_at: Moment) -> Life {
        Life::new(asked_at, self.expires_in_ms, self.expires_at_ms)
    }
}

impl fmt::Debug for PresignedGet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before_query = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("PresignedGet")
            .field("url", &format_args!("{before_query}?.."))
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

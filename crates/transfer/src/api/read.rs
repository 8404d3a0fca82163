//! `POST /v1/files/{id}/open`: what a browser needs to fetch a file's object from the store and to
//! open it there. Plaintext does not pass the server on this way.

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

/// Where to `POST`, without a body. The answer is `no-store`, and audited.
#[must_use]
pub fn path(file: &FileId) -> String {
    format!("/v1/files/{file}/open")
}

/// The answer. Whoever has it can read this one file, so it is read as bytes and wiped.
#[derive(Debug, Serialize, Deserialize)]
pub struct FileOpening {
    /// The file.
    pub file_id: FileId,
    /// Which sealing of it.
    pub upload_id: UploadId,
    /// Its name as given.
    pub name: String,
    /// Its media type as given; only shown, never trusted.
    pub content_type: Option<String>,
    /// Plaintext bytes.
    pub size: u64,
    /// Bytes of the object.
    pub sealed_size: u64,
    /// The message's header from the record; the object must begin with these bytes (FORMAT.md R5).
    #[serde(with = "base64_bytes")]
    pub header: Vec<u8>,
    /// The content key of this one message.
    pub content_key: ContentKeyText,
    /// The store's ETag, which every answer of the store must have (FORMAT.md R6).
    pub etag: String,
    /// Where and how to get the object, whole or by `Range`.
    pub get: PresignedGet,
    /// What the pass over all frames found.
    pub verification: Verification,
}

/// A presigned GET of one object. Its query is a credential: `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresignedGet {
    /// At the store's public endpoint. Names the version where the store has versions.
    pub url: String,
    /// What the reader must add by itself (`if-match`); `range` may be added too.
    pub headers: BTreeMap<String, String>,
    /// When the signature ends by the server's clock; milliseconds since the Unix epoch. Ask again
    /// for a fresh one.
    pub expires_at_ms: i64,
    /// How long the signature lasts from the answer on, as in
    /// [`SignedPart`](super::SignedPart::expires_in_ms).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
}

impl PresignedGet {
    /// The life of this address, which was asked for at `asked_at`.
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

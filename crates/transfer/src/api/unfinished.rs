//! `GET /v1/uploads` lists the caller's uploads that can be resumed.

use serde::{Deserialize, Serialize};

use super::{
    files::UnreadableField,
    ids::{FileId, UploadId},
    status::UploadState,
};
use crate::part_plan::PartNumber;

/// One page of unfinished uploads (`opening`, `open`, `completing`, not expired), newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UploadList {
    /// The uploads of this page.
    pub uploads: Vec<UploadSummary>,
    /// The value of `?cursor=` for the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// The facts by which a person recognizes an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UploadSummary {
    /// The id of the upload.
    pub upload_id: UploadId,
    /// The file that the upload will become.
    pub file_id: FileId,
    /// The state of the upload.
    pub state: UploadState,
    /// The file's name as given at the start.
    pub name: String,
    /// The file's media type as given at the start.
    pub content_type: Option<String>,
    /// The caller's own data.
    pub metadata: Option<serde_json::Value>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// The file's size in plaintext bytes.
    pub size: u64,
    /// The file's last modification as given at the start, milliseconds since the Unix epoch.
    pub last_modified_ms: Option<i64>,
    /// When it was opened; milliseconds since the Unix epoch.
    pub opened_at_ms: i64,
    /// When it ends unless another part is signed; milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
    /// How many parts were signed. The upload's status says which of them the store holds.
    pub signed_parts: u16,
    /// How many parts the upload has.
    pub part_count: PartNumber,
    /// The fields that cannot be read: only `name` and `metadata` occur here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
}

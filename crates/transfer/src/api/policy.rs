//! `GET /v1/policy`: limits, for the page.

use serde::{Deserialize, Serialize};

/// Where to `GET` it.
pub const PATH: &str = "/v1/policy";

/// What the server takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Plaintext bytes of one file at most.
    pub most_bytes: u64,
    /// Bytes of a file's name at most.
    pub most_name_bytes: u32,
    /// Bytes of the metadata's JSON at most.
    pub most_metadata_bytes: u32,
    /// Whether a request needs an API key.
    pub login: bool,
    /// Whether the server changes nothing now, because its database was put back from a backup.
    #[serde(default)]
    pub read_only: bool,
}

//! `GET /v1/policy` returns the server's limits, for the page.

use serde::{Deserialize, Serialize};

/// The path to `GET` the [`Policy`] from.
pub const PATH: &str = "/v1/policy";

/// The limits and the mode of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Policy {
    /// The most plaintext bytes of one file.
    pub most_bytes: u64,
    /// The most bytes of a file's name.
    pub most_name_bytes: u32,
    /// The most bytes of the metadata's JSON.
    pub most_metadata_bytes: u32,
    /// Whether a request needs an API key.
    pub login: bool,
    /// Whether the server changes nothing now, because its database was restored from a backup.
    #[serde(default)]
    pub read_only: bool,
}

//! The configuration: one typed structure, from defaults < file < environment < flags.
//!
//! Every setting has one row in [`names::NAMES`]: its name in `sealift.toml`, in the environment,
//! and its default. [`Config::load`] reads and checks; below it nothing reads the environment.
//! No setting here is a secret (AWS credentials come by the standard AWS chain), so errors may
//! quote what was given; endpoints with a user or password in them are refused unquoted.

use core::time::Duration;
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use crate::objects::KeyPrefix;

mod check;
mod error;
mod load;
pub mod names;
mod read;

pub use error::ConfigError;
pub use load::{ConfigFile, Sources};

/// Everything a server needs to know before it starts. [`Config::load`] has checked it.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens.
    pub bind: IpAddr,
    /// Its port; 0 takes any free one.
    pub port: u16,
    /// Who may ask.
    pub auth: Auth,
    /// Whether a proxy in front ends TLS and its word `X-Forwarded-Proto` is believed.
    pub trust_proxy: bool,
    /// Everything that is kept and backed up lies in it.
    pub data_dir: PathBuf,
    /// The local keyring's key file: outside `data_dir`, not part of a backup.
    pub key_file: PathBuf,
    /// Where data keys come from.
    pub keyring: KeyringConfig,
    /// Where sealed bytes go.
    pub store: StoreConfig,
    /// The name of the bucket.
    pub bucket: String,
    /// Begins every object key.
    pub prefix: KeyPrefix,
    /// For the store and KMS; `None`: what the AWS chain says.
    pub region: Option<String>,
    /// The folder of the built page; `None`: no page is served.
    pub page_dir: Option<PathBuf>,
    /// Origins beside the server's own that pages may come from, such as a page's dev server.
    pub page_origins: Vec<String>,
    /// Plaintext bytes a frame of new uploads (FORMAT.md: 4 KiB to 1 MiB, a multiple of 128).
    pub frame_length: u32,
    /// Least bytes a part of new uploads (FORMAT.md's L: 5 MiB to 5 GiB).
    pub part_length: u64,
    /// What one request or caller may take.
    pub limits: Limits,
    /// Whether every frame of a new file is opened once, in the background, or only a few at its
    /// completion.
    pub verifies_all: bool,
    /// Between two sweeps of what was left behind, which begin with the start; `None`: never.
    pub sweep_every: Option<Duration>,
    /// A connection without a request is closed after this, by the server and by the embedded
    /// store.
    pub longest_idle: Duration,
    /// What is logged and how.
    pub log: LogConfig,
    /// Names in the environment that begin with `SEALIFT_` and mean nothing: worth a warning.
    pub unknown_names: Vec<String>,
}

/// The default of [`Config::longest_idle`]: longer than the 60 seconds after which the usual
/// balancers let an idle connection go. A balancer that uses a connection which the server closes
/// at that moment answers 502.
pub const LONGEST_IDLE: Duration = Duration::from_secs(75);

/// How a caller proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Not at all: loopback only, guarded as in DESIGN.md 5.
    None,
    /// By `Authorization: Bearer` with an API key.
    ApiKeys,
}

/// Where data keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringConfig {
    /// Key-encryption-key rows under the key file.
    Local,
    /// AWS KMS.
    Kms {
        /// Id, ARN or alias.
        key: String,
        /// Another endpoint than AWS's.
        endpoint: Option<String>,
    },
}

/// Where sealed bytes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// The embedded store, in `data_dir`.
    Embedded {
        /// Its loopback port; 0 takes any free one.
        port: u16,
        /// What browsers reach it as, where that is not its own address.
        public_endpoint: Option<String>,
    },
    /// AWS S3 or another store.
    S3 {
        /// The server's own way; `None`: AWS's.
        endpoint: Option<String>,
        /// The browsers' way; `None`: the same.
        public_endpoint: Option<String>,
        /// `host/bucket/..` instead of `bucket.host/..`.
        path_style: bool,
    },
}

/// What one request or caller may take. Bytes are of UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a file's name.
    pub name_bytes: usize,
    /// Of the metadata's JSON.
    pub metadata_bytes: usize,
    /// Of any JSON request.
    pub json_body_bytes: usize,
    /// Of a file's plaintext; `None`: as much as the format carries.
    pub file_bytes: Option<u64>,
    /// Unfinished uploads of one owner.
    pub open_uploads: u32,
    /// Opened uploads of one owner in a minute.
    pub opens_per_minute: u32,
    /// Content keys given again to one owner in a minute.
    pub keys_per_minute: u32,
    /// Parts signed in one request.
    pub parts_per_batch: u16,
    /// Memory for all bodies together that the server seals itself. One owner gets half of it where
    /// there is a login.
    pub sealing_memory_bytes: u64,
    /// Reads at once of everybody together: each takes up to 24 MiB of memory.
    pub all_reads_at_once: u32,
    /// Files that one owner reads at once.
    pub reads_at_once: u32,
    /// Reads at once of one file by those with a ticket for it.
    pub ticket_reads_at_once: u32,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// An `EnvFilter`, such as `info` or `sealift_server=debug`. What it asks of other crates is
    /// capped ([`crate::telemetry`]).
    pub filter: String,
    /// For people or for machines.
    pub format: LogFormat,
}

/// For whom logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, else JSON.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }

    /// The database, in the data folder.
    #[must_use]
    pub fn database_file(&self) -> PathBuf {
        self.data_dir.join("sealift.sqlite")
    }

    /// The embedded store's folder, in the data folder.
    #[must_use]
    pub fn store_folder(&self) -> PathBuf {
        self.data_dir.join("objects")
    }

    /// The embedded store's credentials, beside the key file.
    #[must_use]
    pub fn store_credentials_file(&self) -> PathBuf {
        self.key_file.with_file_name("s3-credentials.json")
    }
}

#[cfg(test)]
mod tests;

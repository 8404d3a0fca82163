//! The configuration: one typed structure. Flags override the environment, which overrides the file,
//! which overrides the defaults.
//!
//! Every setting has one row in [`names::NAMES`]: its name in `sealift.toml`, its name in the
//! environment, and its default. [`Config::load`] reads and checks everything; the code below it never
//! reads the environment. AWS credentials come from the standard AWS chain and are no
//! setting, so an error may quote the given value. It never quotes a pepper, or an endpoint with a user or
//! password in it.

use core::time::Duration;
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use sealift_keyring::Peppers;

use crate::objects::{KeyPrefix, StoreEncryption};

mod check;
mod error;
mod load;
pub mod names;
mod read;

pub(crate) use check::is_loopback;
pub use error::ConfigError;
pub use load::{ConfigFile, Sources};

/// All settings of a server. [`Config::load`] has checked them.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address on which the server listens.
    pub bind: IpAddr,
    /// The port of the server; 0 takes any free one.
    pub port: u16,
    /// How callers log in.
    pub auth: Auth,
    /// True if a proxy in front ends TLS, so that its header `X-Forwarded-Proto` is trusted.
    pub trust_proxy: bool,
    /// The folder of everything that is stored and backed up.
    pub data_dir: PathBuf,
    /// The key file of the local keyring. It is outside of `data_dir`, so that a backup does not
    /// contain it.
    pub key_file: PathBuf,
    /// The keyring that makes the data keys of new files.
    pub keyring: Keyring,
    /// The id, ARN or alias of the KMS key that makes new keys.
    pub kms_key: Option<String>,
    /// The endpoint of KMS, if it is not AWS's.
    pub kms_endpoint: Option<String>,
    /// The peppers of the keyring [`Keyring::Kek`].
    pub peppers: Option<Peppers>,
    /// The store for the objects.
    pub store: StoreConfig,
    /// The name of the bucket.
    pub bucket: String,
    /// The prefix of every object key.
    pub prefix: KeyPrefix,
    /// The AWS region of the store and of KMS. `None` leaves it to the AWS chain.
    pub region: Option<String>,
    /// The encryption that the store is asked for.
    pub encryption: StoreEncryption,
    /// The folder of the built page. If `None`, no page is served.
    pub page_dir: Option<PathBuf>,
    /// The origins besides the server's own that pages may come from, such as a development server.
    pub page_origins: Vec<String>,
    /// The plaintext bytes per frame of new uploads (docs/FORMAT.md: 4 KiB to 1 MiB, a multiple of 128).
    pub frame_length: u32,
    /// The least bytes per part of new uploads (docs/FORMAT.md's L: 5 MiB to 5 GiB).
    pub part_length: u64,
    /// The limits on requests and callers.
    pub limits: Limits,
    /// True if every frame of a new file is opened once in the background. Otherwise only a few frames
    /// are opened, at its completion.
    pub verifies_all: bool,
    /// The time between two sweeps; the first one begins at the start. If `None`, the server never
    /// sweeps.
    pub sweep_every: Option<Duration>,
    /// The server and the embedded store close a connection that has had no request for this long.
    pub longest_idle: Duration,
    /// The settings of the log.
    pub log: LogConfig,
    /// Names in the environment that begin with `SEALIFT_` and are not settings. The command line warns
    /// about them.
    pub unknown_names: Vec<String>,
}

/// The default of [`Config::longest_idle`]. It is longer than the 60 seconds after which common load
/// balancers close an idle connection. If the server closed first, at the moment when the balancer uses
/// the connection, the balancer would answer 502.
pub const LONGEST_IDLE: Duration = Duration::from_secs(75);

/// The ways in which callers log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// No login. The server then listens on loopback only, and a guard admits only this machine's own
    /// pages and programs.
    None,
    /// By `Authorization: Bearer` with an API key.
    ApiKeys,
}

/// The keyrings that make the data keys of new files. A deployment may hold files of all of them, because
/// each file and each key row says what made its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// Key-encryption keys in the database, sealed under the key file.
    Local,
    /// AWS KMS makes every data key.
    Kms,
    /// Key-encryption keys in the database, sealed under a KMS key and the pepper.
    Kek,
}

/// The store for the objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// The embedded store, in `data_dir`.
    Embedded {
        /// The loopback port of the store; 0 takes any free one.
        port: u16,
        /// The endpoint by which browsers reach it, if that is not its own address.
        public_endpoint: Option<String>,
    },
    /// AWS S3 or another store.
    S3 {
        /// The endpoint by which the server reaches it; `None` means AWS's.
        endpoint: Option<String>,
        /// The endpoint by which browsers reach it; `None` means the same one.
        public_endpoint: Option<String>,
        /// True for URLs of the form `host/bucket/..` instead of `bucket.host/..`.
        path_style: bool,
    },
}

/// The limits on requests and callers. Sizes are in bytes; a text is measured as UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a file's name.
    pub name_bytes: usize,
    /// The most bytes of the metadata's JSON.
    pub metadata_bytes: usize,
    /// The most bytes of a JSON request.
    pub json_body_bytes: usize,
    /// The most plaintext bytes of a file; `None` means as many as the format allows.
    pub file_bytes: Option<u64>,
    /// The most unfinished uploads of one owner.
    pub open_uploads: u32,
    /// The most uploads that one owner may open per minute.
    pub opens_per_minute: u32,
    /// The most content keys that one owner may ask for again per minute.
    pub keys_per_minute: u32,
    /// The most parts signed in one request.
    pub parts_per_batch: u16,
    /// The memory for all bodies together that the server seals itself. If there is a login, one owner
    /// gets at most half of it.
    pub sealing_memory_bytes: u64,
    /// The most concurrent reads of all callers together. Each takes up to 24 MiB of memory.
    pub all_reads_at_once: u32,
    /// The most concurrent reads of one owner.
    pub reads_at_once: u32,
    /// The most concurrent reads of one file by the holders of its tickets.
    pub ticket_reads_at_once: u32,
}

/// The settings of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// An `EnvFilter`, such as `info` or `sealift_server=debug`. What it asks for from other crates is
    /// capped ([`crate::telemetry`]).
    pub filter: String,
    /// The format of the lines.
    pub format: LogFormat,
}

/// The formats of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, otherwise JSON.
    Auto,
    /// Lines for people.
    Pretty,
    /// One JSON object per line.
    Json,
}

impl Config {
    /// Returns the address and port on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }

    /// Returns the path of the database, in the data folder.
    #[must_use]
    pub fn database_file(&self) -> PathBuf {
        self.data_dir.join("sealift.sqlite")
    }

    /// Returns the folder of the embedded store, in the data folder.
    #[must_use]
    pub fn store_folder(&self) -> PathBuf {
        self.data_dir.join("objects")
    }

    /// Returns the path of the embedded store's credentials, next to the key file.
    #[must_use]
    pub fn store_credentials_file(&self) -> PathBuf {
        self.key_file.with_file_name("s3-credentials.json")
    }
}

#[cfg(test)]
mod tests;

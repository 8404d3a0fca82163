//! The table of all settings.

use core::fmt;

/// A setting's names and default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// The name in `sealift.toml`.
    pub key: &'static str,
    /// The name in the environment.
    pub env: &'static str,
    /// The default as it would be written. Empty if there is none, or if it is derived from other
    /// settings.
    pub default: &'static str,
    /// The description for `--help`.
    pub about: &'static str,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (in the file: {})", self.env, self.key)
    }
}

/// The environment variable that names the configuration file, for every command that works on a
/// deployment.
pub const CONFIG: &str = "SEALIFT_CONFIG";
/// The environment variable that names the server for the client commands.
pub const SERVER: &str = "SEALIFT_SERVER";
/// The environment variable that holds the API key for the client commands.
pub const API_KEY: &str = "SEALIFT_API_KEY";

/// The names that only the command line reads. They set nothing in the server. The server accepts and
/// ignores them, because one environment often serves both.
pub const COMMAND_LINE: &[&str] = &[CONFIG, SERVER, API_KEY];

/// Other names in the environment for a setting. The setting's own name is stronger.
pub(super) const ALIASES: &[(&str, &str)] = &[("pepper", "ENCX_PEPPER")];

/// The prefix of all names that only our tests read.
pub(super) const TESTS: &str = "SEALIFT_TEST_";

/// Returns the setting with this name in the file.
#[must_use]
pub fn name(key: &str) -> Option<&'static Name> {
    NAMES.iter().find(|name| name.key == key)
}

const fn row(
    key: &'static str,
    env: &'static str,
    default: &'static str,
    about: &'static str,
) -> Name {
    Name {
        key,
        env,
        default,
        about,
    }
}

/// All settings, in the order of `--help`.
pub const NAMES: &[Name] = &[
    row(
        "port",
        "PORT",
        "8080",
        "port of the server; 0 takes any free one",
    ),
    row("bind", "SEALIFT_BIND", "127.0.0.1", "address of the server"),
    row(
        "auth",
        "SEALIFT_AUTH",
        "api-keys",
        "api-keys, or none (loopback only)",
    ),
    row(
        "trust_proxy",
        "SEALIFT_TRUST_PROXY",
        "false",
        "believe X-Forwarded-Proto of a proxy that ends TLS",
    ),
    row(
        "data_dir",
        "SEALIFT_DATA_DIR",
        "sealift-data",
        "folder of database and embedded store",
    ),
    row(
        "key_file",
        "SEALIFT_KEY_FILE",
        "",
        "the local keyring's key file, outside the data folder; default <data folder>-keys/sealift.key",
    ),
    row(
        "keyring",
        "SEALIFT_KEYRING",
        "",
        "what makes the keys of new files: local, kms or kek; default kms where KMS_KEY_ALIAS is set, and kek \
         where SEALIFT_PEPPER is set too",
    ),
    row(
        "kms_key",
        "KMS_KEY_ALIAS",
        "",
        "id, ARN or alias of the KMS key",
    ),
    row(
        "kms_endpoint",
        "SEALIFT_KMS_ENDPOINT",
        "",
        "another endpoint than AWS's for KMS",
    ),
    row(
        "pepper",
        "SEALIFT_PEPPER",
        "",
        "the kek keyring's pepper of 32 bytes: base64:, hex: or file: and a path",
    ),
    row(
        "pepper_version",
        "SEALIFT_PEPPER_VERSION",
        "1",
        "version of the pepper; raise it with every new pepper",
    ),
    row(
        "old_pepper",
        "SEALIFT_OLD_PEPPER",
        "",
        "the pepper before, until `sealift keys rewrap` has moved every key row to the new one",
    ),
    row(
        "old_pepper_version",
        "SEALIFT_OLD_PEPPER_VERSION",
        "",
        "version of the old pepper; default: one less than the new one's",
    ),
    row(
        "region",
        "AWS_REGION",
        "",
        "AWS region of bucket and KMS key",
    ),
    row(
        "store",
        "SEALIFT_STORE",
        "",
        "embedded or s3; default s3 where S3_BUCKET_NAME is set",
    ),
    row(
        "s3_port",
        "SEALIFT_S3_PORT",
        "8081",
        "loopback port of the embedded store; 0 takes any free one",
    ),
    row("s3_bucket", "S3_BUCKET_NAME", "", "bucket for sealed files"),
    row(
        "s3_endpoint",
        "S3_ENDPOINT",
        "",
        "another endpoint than AWS's for S3, as the server reaches it",
    ),
    row(
        "s3_public_endpoint",
        "S3_PUBLIC_ENDPOINT",
        "",
        "the S3 endpoint as browsers reach it; default S3_ENDPOINT",
    ),
    row(
        "s3_path_style",
        "SEALIFT_S3_PATH_STYLE",
        "",
        "true: host/bucket, false: bucket.host; default true where S3_ENDPOINT is set",
    ),
    row(
        "s3_sse",
        "S3_SSE",
        "",
        "encryption that the store adds: AES256, aws:kms or aws:kms:dsse; default: what the bucket does by itself",
    ),
    row(
        "s3_sse_kms_key",
        "S3_SSE_KMS_KEY",
        "",
        "id, ARN or alias of the KMS key for S3_SSE; default: the AWS managed key aws/s3",
    ),
    row(
        "s3_sse_bucket_key",
        "S3_SSE_BUCKET_KEY",
        "false",
        "true: the store asks KMS once for many objects (an S3 Bucket Key)",
    ),
    row(
        "prefix",
        "SEALIFT_PREFIX",
        "sealift",
        "prefix of every object key",
    ),
    row(
        "page_dir",
        "SEALIFT_PAGE_DIR",
        "",
        "folder of the built page; default: no page",
    ),
    row(
        "page_origins",
        "SEALIFT_PAGE_ORIGINS",
        "",
        "further origins of pages, separated by commas",
    ),
    row(
        "frame_length",
        "SEALIFT_FRAME_LENGTH",
        "256KiB",
        "plaintext bytes per frame of new uploads",
    ),
    row(
        "part_length",
        "SEALIFT_PART_LENGTH",
        "8MiB",
        "least bytes per part of new uploads",
    ),
    row(
        "limit_name",
        "SEALIFT_LIMIT_NAME",
        "4KiB",
        "most bytes of a file's name",
    ),
    row(
        "limit_metadata",
        "SEALIFT_LIMIT_METADATA",
        "4KiB",
        "most bytes of an upload's metadata",
    ),
    row(
        "limit_json",
        "SEALIFT_LIMIT_JSON",
        "64KiB",
        "most bytes of a JSON request",
    ),
    row(
        "limit_file",
        "SEALIFT_LIMIT_FILE",
        "",
        "most bytes of a file; default: what the format allows",
    ),
    row(
        "limit_open_uploads",
        "SEALIFT_LIMIT_OPEN_UPLOADS",
        "100",
        "unfinished uploads of one owner",
    ),
    row(
        "limit_opens",
        "SEALIFT_LIMIT_OPENS",
        "6000",
        "uploads one owner may open in a minute",
    ),
    row(
        "limit_keys",
        "SEALIFT_LIMIT_KEYS",
        "6000",
        "content keys one owner may ask for again in a minute",
    ),
    row(
        "limit_batch",
        "SEALIFT_LIMIT_BATCH",
        "100",
        "parts signed in one request",
    ),
    row(
        "limit_sealing_memory",
        "SEALIFT_LIMIT_SEALING_MEMORY",
        "256MiB",
        "memory for all files together that the server is sealing (POST /upload), at most half of it \
         for one owner where there is a login; a small file takes its size, a large one two parts",
    ),
    row(
        "limit_all_reads",
        "SEALIFT_LIMIT_ALL_READS",
        "64",
        "files that all callers together may read at once; each takes up to 24 MiB of memory",
    ),
    row(
        "limit_reads",
        "SEALIFT_LIMIT_READS",
        "32",
        "files one owner may read at once",
    ),
    row(
        "limit_ticket_reads",
        "SEALIFT_LIMIT_TICKET_READS",
        "8",
        "reads at once of one file by the holders of its tickets",
    ),
    row(
        "verify",
        "SEALIFT_VERIFY",
        "full",
        "after an upload, open every frame of it once more (full) or only a few at its completion (edges)",
    ),
    row(
        "sweep_seconds",
        "SEALIFT_SWEEP_SECONDS",
        "300",
        "seconds between two sweeps, which remove what uploads left behind; 0: never",
    ),
    row(
        "idle_seconds",
        "SEALIFT_IDLE_SECONDS",
        "75",
        "seconds after which a connection without a request is closed: more than the idle time of a \
         balancer in front",
    ),
    row(
        "log",
        "SEALIFT_LOG",
        "info",
        "what to log, such as info or sealift_server=debug",
    ),
    row(
        "log_format",
        "SEALIFT_LOG_FORMAT",
        "auto",
        "pretty, json or auto",
    ),
];

//! Who opens a message's data key.

use std::path::PathBuf;

/// At least one; all that are given are tried where they match.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct KeySources {
    /// ARN of a KMS key that may be asked; may be given more than once.
    #[arg(long, value_name = "ARN")]
    pub(crate) kms_key: Vec<String>,

    /// Ask whichever KMS key the message names: its writer chooses then where the request goes.
    #[arg(long, conflicts_with = "kms_key")]
    pub(crate) kms_discovery: bool,

    /// Only keys of this account, with --kms-discovery; may be given more than once.
    #[arg(long, value_name = "ID", requires = "kms_discovery")]
    pub(crate) kms_account: Vec<String>,

    /// The partition of these accounts.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "aws",
        requires = "kms_discovery"
    )]
    pub(crate) kms_partition: String,

    /// Another endpoint than AWS's for KMS.
    #[arg(
        long,
        value_name = "URL",
        env = "SEALIFT_KMS_ENDPOINT",
        hide_env_values = true
    )]
    pub(crate) kms_endpoint: Option<String>,

    /// File with a raw AES key: 16, 24 or 32 bytes, or the same as text behind hex: or base64:.
    #[arg(long, value_name = "FILE", requires_all = ["key_namespace", "key_name"])]
    pub(crate) aes_key: Option<PathBuf>,

    /// Namespace of the raw AES key, which is the message's key provider.
    #[arg(long, value_name = "NAME", requires = "aes_key")]
    pub(crate) key_namespace: Option<String>,

    /// Name of the raw AES key.
    #[arg(long, value_name = "NAME", requires = "aes_key")]
    pub(crate) key_name: Option<String>,

    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

/// A deployment whose key-encryption keys may be used.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct Deployment {
    /// Data folder of a deployment with the local keyring, a copy, or the folder of a demo; only
    /// read, also while its server runs.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,

    // Not a doc comment, which would be HTML.
    #[arg(
        long,
        value_name = "FILE",
        requires = "data",
        help = "The deployment's key file [default: <data>-keys/sealift.key]"
    )]
    pub(crate) key_file: Option<PathBuf>,
}

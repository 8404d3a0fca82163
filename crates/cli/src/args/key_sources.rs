//! The flags that name the keys which can decrypt a message's data key.

use std::path::PathBuf;

/// The keys to try. At least one is needed, and each is tried if the message names it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct KeySources {
    /// ARN of a KMS key that may be used; may be given more than once.
    #[arg(long, value_name = "ARN")]
    pub(crate) kms_key: Vec<String>,

    /// Use whichever KMS key the message names: its writer then chooses where the request goes.
    #[arg(long, conflicts_with = "kms_key")]
    pub(crate) kms_discovery: bool,

    /// Only keys of this account, with --kms-discovery; may be given more than once.
    #[arg(long, value_name = "ID", requires = "kms_discovery")]
    pub(crate) kms_account: Vec<String>,

    /// Partition of these accounts.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "aws",
        requires = "kms_discovery"
    )]
    pub(crate) kms_partition: String,

    /// Endpoint of KMS, if it is not that of AWS.
    #[arg(
        long,
        value_name = "URL",
        env = "SEALIFT_KMS_ENDPOINT",
        hide_env_values = true
    )]
    pub(crate) kms_endpoint: Option<String>,

    /// File with a raw AES key: 16, 24 or 32 bytes, or the same as text after hex: or base64:.
    #[arg(long, value_name = "FILE", requires_all = ["key_namespace", "key_name"])]
    pub(crate) aes_key: Option<PathBuf>,

    /// Namespace of the raw AES key; messages call it the key provider.
    #[arg(long, value_name = "NAME", requires = "aes_key")]
    pub(crate) key_namespace: Option<String>,

    /// Name of the raw AES key.
    #[arg(long, value_name = "NAME", requires = "aes_key")]
    pub(crate) key_name: Option<String>,

    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

/// Names a deployment whose key-encryption keys may be used.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct Deployment {
    /// Data folder of a deployment with the keyring local or kek, a copy of it, or the folder of a demo.
    /// The server of this deployment may run meanwhile.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,

    // `help` and not a doc comment, because rustdoc would read `<data>` as HTML.
    #[arg(
        long,
        value_name = "FILE",
        requires = "data",
        help = "Key file of the deployment [default: <data>-keys/sealift.key]"
    )]
    pub(crate) key_file: Option<PathBuf>,
}

//! The flags of `sealift keys`.

use std::path::PathBuf;

use clap::Subcommand;
use sealift_transfer::api::TenantId;

use super::{Output, S3Reach, deployment, key_sources::Deployment, message::location};
use crate::message::Location;

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift keys export OBJECT-FILE --tenant acme --data sealift-data -o kek.bin
  sealift keys export s3://bucket/KEY --tenant acme --data sealift-data -o kek.bin
  sealift keys export --tenant acme --data sealift-data -o keks/";

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Write the raw AES key that decrypts a message of this deployment, or all keys of a tenant, for other programs.
    ///
    /// This needs a deployment with the keyring local or kek. Its objects are encrypted under a key of the
    /// tenant, which is stored encrypted in the database. For kek, the environment must have the server's
    /// SEALIFT_PEPPER and AWS settings. Any AWS Encryption SDK can decrypt them with
    /// that key and its namespace and name, which this command prints. Anyone who has the key can
    /// decrypt every file of the tenant that was encrypted under it. Therefore the export is written to the
    /// audit of the database before the key leaves.
    #[command(after_help = EXAMPLES)]
    Export(Box<ExportKey>),
    /// Make a new pepper for the keyring kek, and print it.
    ///
    /// A pepper is 32 secret bytes. Key rows open only with the KMS key and the pepper together, so keep
    /// it where neither KMS's administrators nor the database's backups are. Without it, nothing that was
    /// encrypted under it opens again.
    MakePepper(MakePepper),
    /// List the key versions of all tenants: age, use, and what they are encrypted under.
    List(ListKeys),
    /// Make a new key version, which new files use from now on.
    ///
    /// Older versions go on opening the files that they encrypted. The server makes a new version by
    /// itself after 90 days or 2^30 files. A server that runs uses the new version at once.
    Rotate(RotateKeys),
    /// Move all keys under the KMS key, pepper or key file that the settings name now.
    ///
    /// No object changes, because the keys themselves stay the same. This command may be interrupted and
    /// repeated, and servers may run meanwhile, if their settings have both the old and the new pepper or
    /// key file.
    Rewrap(RewrapKeys),
    /// Destroy all keys of a tenant, so that none of its files opens again.
    ///
    /// Only the keys in this database are destroyed. Backups of the database, exported keys and, for files
    /// of the keyring kms, the KMS key still open what they opened before. A server that runs stops
    /// using them within five minutes.
    Shred(ShredKeys),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShredKeys {
    /// Tenant whose keys are destroyed.
    #[arg(long)]
    pub(crate) tenant: TenantId,

    /// Do it; without this flag the command only says what it would do.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) deployment: deployment::Deployment,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MakePepper {
    /// New file for the pepper, which only you can read, instead of the standard output.
    #[arg(id = "output", long = "output", short = 'o', value_name = "FILE")]
    pub(crate) destination: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListKeys {
    #[command(flatten)]
    pub(crate) deployment: deployment::Deployment,

    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RotateKeys {
    /// Only this tenant's key.
    #[arg(long)]
    pub(crate) tenant: Option<TenantId>,

    #[command(flatten)]
    pub(crate) deployment: deployment::Deployment,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RewrapKeys {
    #[command(flatten)]
    pub(crate) deployment: deployment::Deployment,

    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportKey {
    /// A file, - for stdin, or s3://bucket/key [default: export all versions of the tenant's key].
    #[arg(value_name = "MESSAGE", value_parser = location())]
    pub(crate) location: Option<Location>,

    /// Tenant that owns the key; nothing is written if the message belongs to another tenant.
    #[arg(long)]
    pub(crate) tenant: TenantId,

    #[command(flatten)]
    pub(crate) deployment: Deployment,

    /// New file for the 32 bytes of the key, which only you can read; without a message, new folder for one such file
    /// per version.
    #[arg(id = "output", long = "output", short = 'o', value_name = "FILE")]
    pub(crate) destination: PathBuf,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) reach: S3Reach,
}

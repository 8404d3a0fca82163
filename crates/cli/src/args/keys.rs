//! The flags of `sealift keys`.

use std::path::PathBuf;

use clap::Subcommand;
use sealift_transfer::api::TenantId;

use super::{Message, Output, S3Reach, key_sources::Deployment};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift keys export OBJECT-FILE --tenant acme --data sealift-data -o kek.bin
  sealift keys export s3://bucket/KEY --tenant acme --data sealift-data -o kek.bin";

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Write the raw AES key that decrypts a message of this deployment, for other programs.
    ///
    /// This needs a deployment with the local keyring. Its objects are encrypted under a key of the
    /// tenant, which is stored encrypted in the database. Any AWS Encryption SDK can decrypt them with
    /// that key and its namespace and name, which this command prints. Anyone who has the key can
    /// decrypt every file of the tenant that was encrypted under it.
    #[command(after_help = EXAMPLES)]
    Export(Box<ExportKey>),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportKey {
    #[command(flatten)]
    pub(crate) message: Message,

    /// Tenant that owns the key; nothing is written if the message belongs to another tenant.
    #[arg(long)]
    pub(crate) tenant: TenantId,

    #[command(flatten)]
    pub(crate) deployment: Deployment,

    /// New file for the 32 bytes of the key, which only you can read.
    #[arg(id = "output", long = "output", short = 'o', value_name = "FILE")]
    pub(crate) destination: PathBuf,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) reach: S3Reach,
}

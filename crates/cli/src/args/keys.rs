//! `sealift keys`.

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
    /// Write the raw AES key that a message of this deployment is under, for other readers.
    ///
    /// Of a deployment with the local keyring: its objects are messages under a key of the tenant,
    /// which lies sealed in the database. Any AWS Encryption SDK opens them with that key and its
    /// namespace and name, which this prints. Whoever has the key opens every file of the tenant
    /// that was sealed under it.
    #[command(after_help = EXAMPLES)]
    Export(Box<ExportKey>),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportKey {
    #[command(flatten)]
    pub(crate) message: Message,

    /// Whose key it is: nothing is written where the message is of another tenant.
    #[arg(long)]
    pub(crate) tenant: TenantId,

    #[command(flatten)]
    pub(crate) deployment: Deployment,

    /// Where the key's 32 bytes go: a new file, which only you can read.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) told: Output,

    #[command(flatten)]
    pub(crate) reach: S3Reach,
}

//! The flags of `sealift api-keys`.

use clap::{Subcommand, ValueEnum};
use sealift_server::{OwnerId, TenantId};

use super::deployment::Deployment;

#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeys {
    /// Make an API key and print it once; only its hash is stored.
    Make(MakeApiKey),
}

#[derive(Debug, clap::Args)]
pub(crate) struct MakeApiKey {
    /// Tenant; each has its own keys, limits and records: 1 to 64 of a-z, 0-9, '-' and '_'.
    #[arg(long)]
    pub(crate) tenant: TenantId,

    /// Owner of the files, within the tenant: 1 to 64 of a-z, 0-9, '-' and '_'.
    #[arg(long)]
    pub(crate) owner: OwnerId,

    /// What the key may do; repeat the flag to give several roles.
    #[arg(long = "role", value_name = "ROLE", required = true)]
    pub(crate) roles: Vec<RoleChoice>,

    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleChoice {
    /// Upload files.
    Upload,
    /// Download files.
    Download,
    /// Both, and the tasks of an operator.
    Admin,
}

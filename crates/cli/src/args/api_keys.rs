//! `sealift api-keys`.

use clap::{Subcommand, ValueEnum};
use sealift_server::{OwnerId, TenantId};

use super::place::Place;

#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeys {
    /// Make an API key and print it, this once: only its hash is kept.
    Make(MakeApiKey),
}

#[derive(Debug, clap::Args)]
pub(crate) struct MakeApiKey {
    /// Whose keys, limits and records are kept apart: 1 to 64 of a-z, 0-9, '-' and '_'.
    #[arg(long)]
    pub(crate) tenant: TenantId,

    /// Whose files they are, within the tenant: 1 to 64 of a-z, 0-9, '-' and '_'.
    #[arg(long)]
    pub(crate) owner: OwnerId,

    /// What the key may do; give it more than once for more than one.
    #[arg(long = "role", value_name = "ROLE", required = true)]
    pub(crate) roles: Vec<RoleChoice>,

    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleChoice {
    /// Seal files.
    Upload,
    /// Open them again.
    Download,
    /// Both, and what only an operator should.
    Admin,
}

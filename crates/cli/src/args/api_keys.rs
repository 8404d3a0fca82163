//! The flags of `sealift api-keys`.

use core::time::Duration;

use clap::{Subcommand, ValueEnum};
use sealift_server::{OwnerId, TenantId, records::Role};
use sealift_transfer::api::ApiKeyId;

use super::{Output, deployment::Deployment};

#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeys {
    /// Make an API key and print it once; only its hash is stored.
    Make(MakeApiKey),
    /// List the API keys: their ids, owners and roles, when they end and when they were used last.
    List(ListApiKeys),
    /// Revoke an API key for good.
    ///
    /// Servers refuse its next request. A download that runs ends within two minutes.
    Revoke(RevokeApiKey),
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

    /// Label for the list, at most 100 characters.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) label: String,

    /// Lifetime of the key, such as 90d or 12h [default: until it is revoked].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) expires: Option<Duration>,

    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListApiKeys {
    /// Only this tenant's keys.
    #[arg(long)]
    pub(crate) tenant: Option<TenantId>,

    #[command(flatten)]
    pub(crate) deployment: Deployment,

    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RevokeApiKey {
    /// Id of the key, from the list. It is also the part of the key between its two '_'.
    pub(crate) id: ApiKeyId,

    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleChoice {
    /// Upload files, and see nothing of those that are there.
    Upload,
    /// List and download files.
    Download,
    /// Upload, download, share and delete files.
    Member,
    /// Do everything that a member does, and manage the tenant.
    Admin,
    /// Run the deployment: read its metrics, and no file.
    Operator,
}

impl From<RoleChoice> for Role {
    fn from(choice: RoleChoice) -> Self {
        match choice {
            RoleChoice::Upload => Self::Upload,
            RoleChoice::Download => Self::Download,
            RoleChoice::Member => Self::Member,
            RoleChoice::Admin => Self::Admin,
            RoleChoice::Operator => Self::Operator,
        }
    }
}

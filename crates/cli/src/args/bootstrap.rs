//! The flags of `sealift bootstrap`.

use super::{Output, cloud::Cloud};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift bootstrap --bucket acme-files --region eu-central-1 --kms-key alias/sealift
  sealift bootstrap --bucket acme-files --region eu-central-1 --kms-key alias/sealift --yes

docs/AWS.md shows the way from an empty account to the first upload.";

#[derive(Debug, clap::Args)]
pub(crate) struct Bootstrap {
    /// Create what is missing; without this flag the command only shows what it would do.
    #[arg(long)]
    pub(crate) yes: bool,

    /// Make the deployment's database here if there is none, and mark the prefix as its own.
    ///
    /// Give this only on the machine of the server: a prefix that another database has marked is refused. Without
    /// this flag the first start of the server writes the mark.
    #[arg(long)]
    pub(crate) mark: bool,

    #[command(flatten)]
    pub(crate) cloud: Cloud,

    #[command(flatten)]
    pub(crate) output: Output,
}

//! The flags of `sealift inspect`.

use super::{Message, Output, S3Reach};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift inspect report.pdf.sealed
  sealift inspect s3://bucket/KEY --region eu-central-1
  curl -s URL | sealift inspect - --json";

#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) message: Message,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) reach: S3Reach,
}

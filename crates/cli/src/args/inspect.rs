//! `sealift inspect`.

use super::{Message, Output};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift inspect report.pdf.sealed
  sealift inspect s3://bucket/sealift/acme/OBJECT/UPLOAD
  curl -s URL | sealift inspect - --json";

#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) message: Message,

    #[command(flatten)]
    pub(crate) output: Output,
}

//! The flags of `sealift doctor`: the settings of `sealift serve`, and a few of its own.

use super::Serve;

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift doctor                                    check the deployment of this folder
  sealift doctor --config /etc/sealift.toml --json  the same for a program
  sealift doctor --public-url https://files.example.com";

#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Address by which people open the pages; its certificate is checked.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,

    /// Print one JSON document with all checks.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) serve: Serve,
}

//! The flags of `sealift man`.

use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift man | man -l -
  sealift man --dir ~/.local/share/man/man1";

#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// Write a page for every command into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dir: Option<PathBuf>,
}

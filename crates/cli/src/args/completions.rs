//! The flags of `sealift completions`.

use clap_complete::Shell;

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift completions bash > ~/.local/share/bash-completion/completions/sealift
  sealift completions zsh > ~/.zfunc/_sealift
  sealift completions fish > ~/.config/fish/completions/sealift.fish";

#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// Shell to print the completions for.
    pub(crate) shell: Shell,
}

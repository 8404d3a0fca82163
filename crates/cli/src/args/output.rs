//! The flags for a command's output. Every command that prints a result flattens them in.

/// The output flags; they are the same for every command.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Output {
    /// Print JSON for programs; errors are JSON, too, on stderr.
    #[arg(long)]
    pub(crate) json: bool,

    /// Print no progress and no notes, only errors.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

//! How a command tells what came of it; flattened into every command that has something to tell.

/// The same two flags everywhere.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Output {
    /// Print JSON for programs; errors too, on stderr.
    #[arg(long)]
    pub(crate) json: bool,

    /// Neither progress nor notes; errors stay.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

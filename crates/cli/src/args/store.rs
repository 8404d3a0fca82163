//! `sealift store`.

use clap::Subcommand;

use super::place::Place;

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Mark the configured prefix of the bucket as this deployment's alone.
    ///
    /// From then on the server's sweeper removes what lies there, is older than 31 days and has no
    /// record; it reports it in the log a day before. Without the mark it only reports. The embedded
    /// object store is marked when it is made.
    Mark(MarkStore),
}

#[derive(Debug, clap::Args)]
pub(crate) struct MarkStore {
    #[command(flatten)]
    pub(crate) place: Place,
}

//! The flags of `sealift store`.

use clap::Subcommand;

use super::deployment::Deployment;

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Mark the configured prefix of the bucket as this deployment's alone.
    ///
    /// With the mark, the server's sweeper deletes objects under the prefix that have no record and are
    /// older than 31 days; it reports each in the log a day before. Without the mark it only reports
    /// them. The embedded object store is marked when it is created. If the mark was lost, this command
    /// writes it again.
    Mark(MarkStore),
    /// Use the configured bucket for all records, after the objects were copied there.
    ///
    /// The settings must name the new bucket, and no server may run. The bucket must have this
    /// deployment's mark and an object of the right size for every file, all under their old object
    /// keys. Open uploads end; their files must be sent again.
    Moved(MovedStore),
}

#[derive(Debug, clap::Args)]
pub(crate) struct MovedStore {
    /// Do it; without this flag the command only says what it would do.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MarkStore {
    /// Mark it even if the objects of this deployment's files are missing: they are lost.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

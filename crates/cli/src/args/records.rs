//! The flags of `sealift records`.

use clap::Subcommand;

use super::deployment::Deployment;

#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// After a restore from a backup: end all open uploads.
    ///
    /// Run this before the server starts again, also after a failover that may have lost commits. The
    /// restored database does not know which parts were signed after the backup. Therefore the server
    /// signs nothing more for uploads that are open in it, and the next sweep aborts them. Their files
    /// must be sent again. Complete files stay. A server that has noticed the restore by itself is
    /// read-only until you run this; within a minute it accepts changes again.
    NewEpoch(NewEpoch),
    /// Show how far the database and the mark in the bucket have come.
    ///
    /// A database that is older than the mark was restored from a backup: the server is read-only until
    /// you run `records new-epoch`. This command changes nothing.
    Status(RecordsStatus),
}

#[derive(Debug, clap::Args)]
pub(crate) struct RecordsStatus {
    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewEpoch {
    /// Do it; without this flag the command only says what it would do.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) deployment: Deployment,
}

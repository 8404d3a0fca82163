//! `sealift records`.

use clap::Subcommand;

use super::place::Place;

#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// After a restore from a backup: end the uploads that are open.
    ///
    /// Do it before the server starts again, also after a failover that may have lost commits. What
    /// was signed since the backup is not in the restored database; so nothing more is signed for
    /// the uploads that it takes for open, and the next sweep aborts them. Their files must be sent
    /// anew. Complete files stay. A server that noticed the restore by itself is read-only until then;
    /// it goes on within a minute.
    NewEpoch(NewEpoch),
    /// Say how far the database and the mark in the bucket have come.
    ///
    /// A database that is older than the mark was restored from a backup: the server is read-only until
    /// `records new-epoch`. Changes nothing.
    Status(RecordsStatus),
}

#[derive(Debug, clap::Args)]
pub(crate) struct RecordsStatus {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewEpoch {
    /// Do it; without this it only says what it would do.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) place: Place,
}

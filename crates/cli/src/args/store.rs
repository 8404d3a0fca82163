//! `sealift store`.

use clap::Subcommand;

use super::place::Place;

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Mark the configured prefix of the bucket as this deployment's alone.
    ///
    /// From then on the server's sweeper removes what lies there, is older than 31 days and has no
    /// record; it reports it in the log a day before. Without this it only reports. The embedded
    /// object store is marked when it is made. Also writes the mark again where it was lost.
    Mark(MarkStore),
    /// Say that the objects were copied to the configured bucket.
    ///
    /// The settings name the new bucket, and no server runs. The bucket must have this deployment's
    /// mark and an object of the right size for every file, all under their old keys. Uploads that are
    /// open end; their files must be sent anew.
    Moved(MovedStore),
}

#[derive(Debug, clap::Args)]
pub(crate) struct MovedStore {
    /// Do it; without this it only says what it would do.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MarkStore {
    /// Mark it although the objects of this deployment's files are not there: they are lost.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) place: Place,
}

//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

#[derive(Debug, Parser)]
#[command(about = "Random uploads under random faults. `cargo xtask faults` sets it up.")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The run.
    Run(Run),
    /// The embedded store in a process of its own; the run starts it.
    Store(Store),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Uploads by the native client.
    #[arg(long, default_value_t = 500)]
    pub(crate) uploads: u64,

    /// Uploads through the page in Chromium, after the others.
    #[arg(long, default_value_t = 0)]
    pub(crate) browser: u64,

    /// Sizes, courses, faults and kills follow from it; which request comes first does not
    /// [default: random].
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Where sealed bytes go.
    #[arg(long, value_enum, default_value_t = StoreKind::Embedded)]
    pub(crate) store: StoreKind,

    /// Keep the folder with data and logs, also if all is well.
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    /// The embedded one, in a process of its own.
    Embedded,
    /// Garage, which `SEALIFT_TEST_GARAGE` names.
    Garage,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    /// Where it keeps its objects.
    #[arg(long)]
    pub(crate) folder: PathBuf,

    /// Its only bucket.
    #[arg(long)]
    pub(crate) bucket: String,

    /// Where pages may come from.
    #[arg(long)]
    pub(crate) page_origin: String,
}

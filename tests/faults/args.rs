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
    /// Run the uploads under random faults.
    Run(Run),
    /// Serve the embedded store in a process of its own; `run` starts this.
    Store(Store),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Number of uploads with the native client.
    #[arg(long, default_value_t = 500)]
    pub(crate) uploads: u64,

    /// Number of uploads with the page in Chromium, after the others.
    #[arg(long, default_value_t = 0)]
    pub(crate) browser: u64,

    /// Seed of sizes, courses, faults and kills; the order of requests does not follow from it [default: random].
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// The store that gets the sealed bytes.
    #[arg(long, value_enum, default_value_t = StoreKind::Embedded)]
    pub(crate) store: StoreKind,

    /// Keep the folder with data and logs even if every check passes.
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    /// The embedded store, in a process of its own.
    Embedded,
    /// The Garage that `SEALIFT_TEST_GARAGE` names.
    Garage,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    /// Folder in which the store keeps its objects.
    #[arg(long)]
    pub(crate) folder: PathBuf,

    /// The only bucket.
    #[arg(long)]
    pub(crate) bucket: String,

    /// The origin of the pages that may send requests.
    #[arg(long)]
    pub(crate) page_origin: String,
}

//! The command line of `cargo xtask`.

use crate::bench;
use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "Sets up, builds, starts and tests Sealift."
)]
pub(crate) struct Args {
    /// Show the output of every tool while it runs, not only when it fails.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Install whatever is missing. This is quick if nothing is.
    Setup(SetupArgs),
    /// Build the upload page into a folder that the server can serve.
    Page(PageArgs),
    /// Start everything on loopback and print the page's address.
    Demo(DemoArgs),
    /// Set up, then run every check and test. This is what CI runs.
    Test(TestArgs),
    /// Send many files while connections, store, KMS, database and server fail at random.
    Faults(FaultsArgs),
    /// Measure Sealift beside its peers, and write the figures to docs/PERFORMANCE.md.
    Bench(BenchArgs),
}

#[derive(clap::Args)]
pub(crate) struct SetupArgs {
    /// Purpose to set the machine up for.
    #[arg(long = "for", value_enum, default_value_t = Purpose::Test)]
    pub(crate) purpose: Purpose,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Purpose {
    /// Only what the demo needs: the toolchain.
    Demo,
    /// Everything: the tools of the checks, browsers, Garage, Python with moto and the official readers.
    Test,
}

#[derive(clap::Args)]
pub(crate) struct PageArgs {
    /// Folder for the page. Trunk's hook sets it through the environment.
    #[arg(long, env = "TRUNK_STAGING_DIR", default_value = "dist")]
    pub(crate) dist: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// Port of the page and the API; 0 picks a free port.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,

    /// Port of the embedded object store; 0 picks a free port.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) s3_port: u16,

    /// Folder for all data of the demo.
    #[arg(long, value_name = "FOLDER", default_value = "data")]
    pub(crate) data: PathBuf,

    /// Start empty: delete the data of earlier demos. Without this flag everything is kept.
    #[arg(long)]
    pub(crate) fresh: bool,

    /// Delete the data when the demo ends.
    #[arg(long)]
    pub(crate) drop: bool,
}

#[derive(clap::Args)]
pub(crate) struct FaultsArgs {
    /// Number of uploads by the native client.
    #[arg(long, default_value_t = 500)]
    pub(crate) uploads: u64,

    /// Number of uploads through the page in Chromium.
    #[arg(long, default_value_t = 30)]
    pub(crate) browser: u64,

    /// Seed of sizes, courses, faults and kills, but not of the order of requests [default: random].
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Object store for the sealed bytes.
    #[arg(long, default_value = "embedded", value_parser = ["embedded", "garage"])]
    pub(crate) store: String,
}

#[derive(clap::Args)]
pub(crate) struct TestArgs {
    /// Run also the steps that take too long for every run.
    #[arg(long)]
    pub(crate) full: bool,

    /// Run only this step; may be given more than once. `--list` names the steps.
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,

    /// Let the formatters and linters fix what they can instead of failing, and write the types of the pages.
    #[arg(long)]
    pub(crate) fix: bool,

    /// List the steps and run nothing.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// Measure only this row; may be given more than once. The document is then not written.
    #[arg(long, value_name = "ROW", value_parser = PossibleValuesParser::new(bench::row_names()))]
    pub(crate) only: Vec<String>,

    /// Measure little, to see that it works. The document is then not written.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Measure even if other processes use more than half a core. The document is then not written.
    #[arg(long)]
    pub(crate) anyway: bool,
}

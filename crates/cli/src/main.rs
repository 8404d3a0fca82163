//! The one binary, `sealift`: it starts the server, makes API keys and looks after
//! the deployment.
//!
//! Exit codes: 0 done, 1 it failed, 2 the command line or the configuration is wrong.

use std::process::ExitCode;

use clap::Parser as _;

mod args;
mod commands;
mod failure;
mod terminal;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failure::failed(&error.into()),
    };
    let outcome = runtime.block_on(async {
        match args.command {
            Command::Serve(serve) => commands::serve::run(serve).await,
            Command::Demo(demo) => commands::demo::run(demo).await,
            Command::ApiKeys(keys) => commands::api_keys::run(keys).await,
            Command::Records(records) => commands::records::run(records).await,
            Command::Store(store) => commands::store::run(store).await,
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::failed(&error),
    }
}

//! The program `sealift`. It starts the server, maintains a deployment, is a client of a server, and reads the
//! object format without one.
//!
//! `failure::Exit` holds the exit codes.

use std::process::ExitCode;

mod args;
mod commands;
mod failure;
mod message;
mod online;
mod terminal;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parsed();
    let json = args.command.wants_json();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failure::failed(&error.into(), json),
    };
    let outcome = runtime.block_on(run(args.command));
    // Do not wait for blocked threads: a read of stdin may never return.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::failed(&error, json),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(serve) => commands::serve::run(serve).await,
        Command::Demo(demo) => commands::demo::run(demo).await,
        Command::Bootstrap(bootstrap) => commands::bootstrap::run(bootstrap).await,
        Command::Policy(policy) => commands::policy::run(policy).await,
        Command::Doctor(doctor) => commands::doctor::run(doctor).await,
        Command::Upload(upload) => commands::upload::run(upload).await,
        Command::Download(download) => commands::download::run(download).await,
        Command::Files(files) => commands::files::run(files).await,
        Command::Decrypt(decrypt) => commands::decrypt::run(*decrypt).await,
        Command::Inspect(inspect) => commands::inspect::run(inspect).await,
        Command::Keys(keys) => commands::keys::run(keys).await,
        Command::ApiKeys(keys) => commands::api_keys::run(keys).await,
        Command::Records(records) => commands::records::run(records).await,
        Command::Store(store) => commands::store::run(store).await,
        Command::Completions(completions) => commands::completions::run(&completions),
        Command::Man(man) => commands::man::run(&man),
    }
}

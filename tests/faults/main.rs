//! The random fault run (`cargo xtask faults`). It makes hundreds of uploads while connections break, stores and KMS
//! refuse, the database is locked or full, and the server is killed and restarted. Everything is real and in a process
//! of its own. At the end nothing may be lost, wrong, left over, or sealed twice.

mod afterwards;
mod args;
mod course;
mod deployment;
mod disturbance;
mod figures;
mod inventory;
mod native;
mod page;
mod readings;
mod run;
mod server_process;
mod store_process;
mod terminal;

use std::process::ExitCode;

use anyhow::Result;
use args::{Args, Command};
use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    match act(Args::parse()).await {
        Ok(code) => code,
        Err(error) => {
            terminal::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn act(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Run(asked) => run::run(&asked).await,
        Command::Store(asked) => store_process::serve(asked)
            .await
            .map(|()| ExitCode::SUCCESS),
    }
}

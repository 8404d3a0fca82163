//! `cargo xtask`: sets the machine up, builds the page, starts the demo, runs every check and test, measures.
//!
//! This program starts under any recent cargo and depends on no crate of the workspace. For everything else it chooses
//! the toolchain in [`setup::toolchain`] and runs all tools with that.

mod args;
mod bench;
mod demo;
mod faults;
mod native;
mod page;
mod programs;
mod setup;
mod terminal;
mod test;
mod timed;
mod workshop;

use args::{Args, Command};
use clap::Parser;
use std::process::ExitCode;
use workshop::Workshop;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            terminal::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<ExitCode> {
    let workshop = Workshop::open(args.verbose)?;
    match args.command {
        Command::Setup(asked) => setup::run(&workshop, asked.purpose),
        Command::Page(asked) => page::run(&workshop, &asked.dist),
        Command::Demo(asked) => demo::run(&workshop, &asked),
        Command::Bench(asked) => return bench::run(&workshop, &asked),
        Command::Faults(asked) => return faults::run(&workshop, &asked),
        Command::Test(asked) => return test::run(&workshop, &asked),
    }
    .map(|()| ExitCode::SUCCESS)
}

//! `cargo xtask faults`: makes many uploads while everything fails; nothing may be lost or wrong. The faults and their
//! verdict are in tests/faults.

use crate::args::FaultsArgs;
use crate::setup::toolchain::{self, Toolchain};
use crate::setup::tools::Tool;
use crate::setup::{Need, environment};
use crate::timed::{Log, timed};
use crate::workshop::Workshop;
use crate::{native, page};
use anyhow::{Context, Result};
use std::process::{Command, ExitCode};

pub(crate) fn run(workshop: &Workshop, asked: &FaultsArgs) -> Result<ExitCode> {
    let toolchain = toolchain::ready(workshop)?;
    Need::Python.ready(workshop, &toolchain)?;
    if asked.store == "garage" {
        Need::Tool(Tool::Garage).ready(workshop, &toolchain)?;
    }
    if asked.browser > 0 {
        Need::Chromium.ready(workshop, &toolchain)?;
        timed(workshop, "build the page", |log| {
            page::build(workshop, &toolchain, &page::default_dist(workshop), log)
        })
        .result?;
    }
    timed(workshop, "build server and fault run", |log| {
        build(workshop, &toolchain, log)
    })
    .result?;
    let mut run = command(workshop, &toolchain)?;
    run.args(["--uploads", &asked.uploads.to_string()])
        .args(["--browser", &asked.browser.to_string()])
        .args(["--store", &asked.store]);
    if let Some(seed) = asked.seed {
        run.args(["--seed", &seed.to_string()]);
    }
    // The run prints its own report; its exit code is the verdict.
    let status = run.status().context("cannot start the fault run")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds both programs, because the run kills the server and starts it again.
pub(crate) fn build(workshop: &Workshop, toolchain: &Toolchain, log: &mut Log) -> Result<()> {
    log.run(native::cargo(workshop, toolchain, "build").args([
        "--bin",
        "sealift",
        "--bin",
        "sealift-faults",
    ]))
}

/// Returns the command `sealift-faults run` with its environment. The caller adds the number of uploads.
pub(crate) fn command(workshop: &Workshop, toolchain: &Toolchain) -> Result<Command> {
    let mut run = toolchain.program(workshop.target.join("debug/sealift-faults"));
    run.arg("run").envs(environment::for_tests(workshop)?);
    Ok(run)
}

//! `cargo xtask bench`: measures Sealift beside its peers in one run, and writes the figures to docs/PERFORMANCE.md.
//!
//! This module builds and starts the measuring program and prints its figures. The measurements are in tests/bench.

mod build;
mod chart;
mod figures;
mod load;
mod page;
mod rows;
mod table;

use crate::args::BenchArgs;
use crate::setup::browser;
use crate::setup::python;
use crate::setup::toolchain;
use crate::setup::tools::{self, Tool};
use crate::terminal;
use crate::timed::timed;
use crate::workshop::Workshop;
use anyhow::{Result, bail, ensure};
use build::Built;
use figures::Figures;
use load::{MOST_CORES, Others, Watch};
use rows::{ROWS, Row};
use std::process::ExitCode;

pub(crate) fn run(workshop: &Workshop, asked: &BenchArgs) -> Result<ExitCode> {
    let rows = chosen(&asked.only);
    let toolchain = toolchain::ready(workshop)?;
    let chromium = browser::chromium_ready(workshop)?;
    let firefox = browser::firefox_ready(workshop)?;
    tools::ready(workshop, &toolchain, Tool::Geckodriver)?;
    let python = python::ready(workshop)?;
    let aws_cli = python::aws_cli_ready(workshop)?;
    let built = timed(workshop, "build what is measured", |log| {
        Built::make(workshop, &toolchain, log)
    })
    .result?;
    let is_written = !asked.quick && !asked.anyway && rows.len() == ROWS.len();
    let environment = built.environment(workshop, &chromium, &firefox, &python)?;
    let mut figures = Figures::default();
    let mut most = Others::default();
    let mut failed = Vec::new();
    for row in &rows {
        let before = Others::look(is_written)?;
        if is_written {
            ensure!(
                before.is_quiet(),
                "no figures are written while {before}; at most {MOST_CORES} may be in use. Stop that work, or add \
                 --anyway to only print the figures"
            );
        } else if !before.is_quiet() {
            terminal::say(&format!(
                "The figures of {} will be wrong, because {before}.",
                row.name
            ));
        }
        let watch = Watch::begin();
        let name = format!("measure {}", row.name);
        let output = timed(workshop, &name, |log| {
            let mut measure = toolchain.program(&built.peers);
            measure
                .arg(row.name)
                .args(asked.quick.then_some("--quick"))
                .envs(environment.clone())
                .env("SEALIFT_BENCH_AWS_CLI", &aws_cli);
            log.run(&mut measure)?;
            Ok(log.text())
        });
        let during = watch.end()?;
        if !during.is_quiet() {
            terminal::say(&format!("While {} was measured, {during}.", row.name));
        }
        for others in [before, during] {
            if others.cores > most.cores {
                most = others;
            }
        }
        let read = output.result.and_then(|printed| figures.read(&printed));
        match read {
            Ok(()) => {}
            // The other rows take most of an hour and are of use without this one.
            Err(error) => {
                terminal::say(&format!("{} could not be measured: {error:#}", row.name));
                failed.push(row.name);
            }
        }
    }
    for row in &rows {
        terminal::say(&format!("{}:\n\n{}", row.title, table::of(row, &figures)));
    }
    ensure!(
        failed.is_empty(),
        "docs/PERFORMANCE.md is not changed, because these rows could not be measured: {}",
        failed.join(", ")
    );
    if !is_written {
        terminal::say("docs/PERFORMANCE.md is not changed, because this was not a whole run.");
    } else if !most.is_quiet() {
        bail!("docs/PERFORMANCE.md is not changed, because at times {most}");
    } else {
        page::write(workshop, &chromium, &figures, &most)?;
        terminal::say("docs/PERFORMANCE.md now has these figures.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the names of the rows, for `--only`.
pub(crate) fn row_names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.name)
}

fn chosen(only: &[String]) -> Vec<&'static Row> {
    let is_asked = |row: &&Row| only.is_empty() || only.iter().any(|name| name == row.name);
    ROWS.iter().filter(is_asked).collect()
}

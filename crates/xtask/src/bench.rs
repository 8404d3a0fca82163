//! `cargo xtask bench`: measures Sealift beside its peers in one run, and writes the figures to docs/PERFORMANCE.md.
//!
//! This module builds and starts the measuring program and prints its figures. The measurements are in tests/bench.

mod build;
mod chart;
mod figures;
mod page;
mod rows;
mod table;

use crate::args::BenchArgs;
use crate::setup::browser;
use crate::setup::python;
use crate::setup::toolchain;
use crate::terminal;
use crate::timed::timed;
use crate::workshop::Workshop;
use anyhow::Result;
use build::Built;
use figures::Figures;
use rows::{ROWS, Row};
use std::process::ExitCode;

pub(crate) fn run(workshop: &Workshop, asked: &BenchArgs) -> Result<ExitCode> {
    let rows = chosen(&asked.only);
    let toolchain = toolchain::ready(workshop)?;
    let chromium = browser::chromium_ready(workshop)?;
    let python = python::ready(workshop)?;
    let built = timed(workshop, "build what is measured", |log| {
        Built::make(workshop, &toolchain, log)
    })
    .result?;
    let mut figures = Figures::default();
    for row in &rows {
        let name = format!("measure {}", row.name);
        let output = timed(workshop, &name, |log| {
            let mut measure = toolchain.program(&built.peers);
            measure
                .arg(row.name)
                .args(asked.quick.then_some("--quick"))
                .envs(built.environment(workshop, &chromium, &python));
            log.run(&mut measure)?;
            Ok(log.text())
        });
        figures.read(&output.result?)?;
    }
    for row in &rows {
        terminal::say(&format!("{}:\n\n{}", row.title, table::of(row, &figures)));
    }
    if asked.quick || rows.len() < ROWS.len() {
        terminal::say("docs/PERFORMANCE.md is not changed, because this was not a whole run.");
    } else {
        page::write(workshop, &chromium, &figures)?;
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

//! `cargo xtask test`: sets the machine up, then runs every check and test. A step that fails does not stop the others.

mod arrows;
mod circles;
mod comments;
mod fuzz;
mod rooms;
mod steps;
mod summary;
mod wasm;
mod web;

use crate::args::TestArgs;
use crate::setup::{self, Need, toolchain, toolchain::Toolchain};
use crate::terminal;
use crate::timed::{Log, timed};
use crate::workshop::Workshop;
use anyhow::{Result, anyhow, bail};
use std::process::ExitCode;
use steps::STEPS;
use summary::{Outcome, Summary};

/// One check, or one run of tests.
struct Step {
    name: &'static str,
    about: &'static str,
    /// The parts that the step needs besides the toolchain.
    needs: &'static [Need],
    /// The steps whose result this step uses.
    after: &'static [&'static str],
    /// Whether the step runs only under `--full`.
    full: bool,
    /// Whether the step runs tests that are counted, or is one check.
    counts: Counts,
    run: fn(&Bench<'_>, &mut Log) -> Result<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    Tests,
    OneCheck,
}

/// The folders, the toolchain and the flags that a step works with.
struct Bench<'a> {
    workshop: &'a Workshop,
    toolchain: &'a Toolchain,
    fix: bool,
}

pub(crate) fn run(workshop: &Workshop, asked: &TestArgs) -> Result<ExitCode> {
    let chosen = choose(asked)?;
    if asked.list {
        for step in STEPS {
            let when = if step.full { " (--full)" } else { "" };
            terminal::say(&format!("{:<12} {}{when}", step.name, step.about));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let toolchain = toolchain::ready(workshop)?;
    terminal::say(&format!("toolchain: {toolchain}"));
    let mut summary = Summary::begin();
    let lacking = set_up(workshop, &toolchain, &chosen, &mut summary);
    let bench = Bench {
        workshop,
        toolchain: &toolchain,
        fix: asked.fix,
    };
    for step in chosen {
        if let Some(need) = step.needs.iter().find(|need| lacking.contains(need)) {
            summary.skip(step.name, &format!("{need:?} is missing"));
        } else if let Some(before) = step.after.iter().find(|name| summary.has_failed(name)) {
            summary.skip(step.name, &format!("{before} failed"));
        } else {
            let mut output = String::new();
            let finished = timed(workshop, step.name, |log| {
                let result = (step.run)(&bench, log);
                output = log.text();
                if step.counts == Counts::Tests
                    && result.is_ok()
                    && summary::tests_in(&output).passed == 0
                {
                    bail!("no test ran");
                }
                result
            });
            summary.record(
                step.name,
                Outcome::of(step.counts, &output, finished.result.is_ok()),
                finished.took,
            );
        }
    }
    summary.print();
    Ok(if summary.is_green() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns the steps to run, in order. A step that was asked for by name brings the steps whose result it uses.
fn choose(asked: &TestArgs) -> Result<Vec<&'static Step>> {
    let mut names: Vec<&str> = asked.only.iter().map(String::as_str).collect();
    let mut at = 0;
    while let Some(name) = names.get(at).copied() {
        let step = STEPS.iter().find(|step| step.name == name).ok_or_else(|| {
            anyhow!("there is no step {name}; `cargo xtask test --list` names them")
        })?;
        names.extend(step.after);
        at += 1;
    }
    Ok(STEPS
        .iter()
        .filter(|step| {
            if names.is_empty() {
                asked.full || !step.full
            } else {
                names.contains(&step.name)
            }
        })
        .collect())
}

/// Installs the parts that the steps need. Returns those that could not be installed.
fn set_up(
    workshop: &Workshop,
    toolchain: &Toolchain,
    chosen: &[&Step],
    summary: &mut Summary,
) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for need in chosen.iter().flat_map(|step| step.needs) {
        if !needs.contains(need) {
            needs.push(*need);
        }
    }
    let began = std::time::Instant::now();
    needs.retain(|need| setup::is_lacking(*need, workshop, toolchain));
    setup::tools::sweep(workshop);
    let outcome = Outcome::of(Counts::OneCheck, "", needs.is_empty());
    summary.record("set-up", outcome, began.elapsed());
    needs
}

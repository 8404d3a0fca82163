//! Checks the pages' scripts: their form and common faults by Biome, their types by TypeScript, and what they do without a
//! document by the tests in `web/tests`, on Node.js.

use super::Bench;
use crate::programs;
use crate::setup::node::{Node, WEB_TOOLS};
use crate::timed::Log;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The types of the wasm module's classes, as wasm-bindgen makes them and as the checkout has them.
const MODULE_TYPES: &str = "sealift_browser.d.ts";

/// Runs all three checks, even if one fails, so that a developer sees everything at once.
pub(super) fn check(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let tools = Node::find(bench.workshop, &WEB_TOOLS).context("the tools are not installed")?;
    let root = &bench.workshop.root;
    let mut biome = tools.script("@biomejs/biome/bin/biome");
    biome.current_dir(root).arg("check");
    if bench.fix {
        biome.arg("--write");
    }
    let mut tsc = tools.script("typescript/bin/tsc");
    tsc.arg("--project").arg(root.join("web"));
    let mut tests = programs::clean(&tools.node);
    tests
        .args(["--test", "--test-reporter=tap"])
        .args(tests_in(&root.join("web/tests"))?);
    let results = [biome, tsc, tests].map(|mut command| log.run(&mut command));
    results.into_iter().collect()
}

/// Checks that `web/module` has the types of the module that was just built. With `--fix`, writes them.
pub(super) fn check_module_types(bench: &Bench<'_>) -> Result<()> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let made = read(&bench.workshop.target.join("page-module").join(MODULE_TYPES))?;
    let place = bench.workshop.root.join("web/module").join(MODULE_TYPES);
    if bench.fix {
        fs::write(&place, &made).with_context(|| format!("cannot write {}", place.display()))?;
    }
    if read(&place)? != made {
        bail!(
            "web/module/{MODULE_TYPES} has not the types of the module; `cargo xtask test --only page --fix` writes it"
        );
    }
    Ok(())
}

fn tests_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut tests = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.js") {
            tests.push(path);
        }
    }
    tests.sort();
    Ok(tests)
}

//! `cargo xtask page`: builds the pages into a folder that the server can serve.

use crate::native;
use crate::setup::toolchain::{self, Toolchain};
use crate::terminal;
use crate::timed::{Log, timed};
use crate::workshop::Workshop;
use anyhow::Result;
use std::path::{Path, PathBuf};

const PACKAGE: &str = "sealift-page-builder";

pub(crate) fn run(workshop: &Workshop, dist: &Path) -> Result<()> {
    let toolchain = toolchain::ready(workshop)?;
    let dist = std::path::absolute(dist)?;
    let report = timed(workshop, "build the page", |log| {
        build(workshop, &toolchain, &dist, log)
    })
    .result?;
    terminal::say(&report);
    Ok(())
}

/// Returns the default folder of the page.
pub(crate) fn default_dist(workshop: &Workshop) -> PathBuf {
    workshop.root.join("dist")
}

/// Builds the wasm module and then the page in `dist`. Returns the page builder's line about the size.
pub(crate) fn build(
    workshop: &Workshop,
    toolchain: &Toolchain,
    dist: &Path,
    log: &mut Log,
) -> Result<String> {
    let mut cargo = native::plain_cargo(workshop, toolchain);
    // An incremental build makes the module larger, by more than the page's budget has left.
    cargo.env("CARGO_INCREMENTAL", "0");
    log.run(cargo.args([
        "build",
        "--package",
        "sealift-browser",
        "--target",
        "wasm32-unknown-unknown",
        "--profile",
        "page",
    ]))?;
    log.run(native::cargo(workshop, toolchain, "build").args(["--bin", PACKAGE]))?;
    let module = workshop
        .target
        .join("wasm32-unknown-unknown/page/sealift_browser.wasm");
    log.run(
        toolchain
            .program(workshop.target.join("debug").join(PACKAGE))
            .arg(module)
            .arg(workshop.root.join("web"))
            .arg(workshop.target.join("page-module"))
            .arg(dist),
    )?;
    Ok(log.text().lines().last().unwrap_or_default().to_owned())
}

//! `cargo xtask demo`: everything on loopback, and the page's address.

use crate::args::DemoArgs;
use crate::setup::toolchain;
use crate::timed::timed;
use crate::workshop::Workshop;
use crate::{native, page, terminal};
use anyhow::{Result, anyhow};
use std::os::unix::process::CommandExt;

pub(crate) fn run(workshop: &Workshop, asked: &DemoArgs) -> Result<()> {
    let toolchain = toolchain::ready(workshop)?;
    let dist = page::default_dist(workshop);
    timed(workshop, "build sealift", |log| {
        // Both programs in one go: what they have in common is built side by side with what they have not.
        log.run(native::cargo(workshop, &toolchain, "build").args([
            "--bin",
            "sealift",
            "--bin",
            "sealift-page-builder",
        ]))
    })
    .result?;
    timed(workshop, "build the page", |log| {
        page::build(workshop, &toolchain, &dist, log)
    })
    .result?;
    let mut sealift = toolchain.program(workshop.target.join("debug/sealift"));
    sealift
        .arg("demo")
        .arg("--page-dir")
        .arg(dist)
        .arg("--data")
        .arg(std::path::absolute(&asked.data)?);
    if let Some(port) = asked.port {
        sealift.args(["--port", &port.to_string()]);
    }
    if let Some(port) = asked.s3_port {
        sealift.args(["--s3-port", &port.to_string()]);
    }
    if asked.fresh {
        sealift.arg("--fresh");
    }
    terminal::say("Starting.");
    // Becomes the server: Ctrl-C and signals reach it directly, and it stops in its own good order.
    Err(anyhow!(sealift.exec()).context("cannot start target/debug/sealift"))
}

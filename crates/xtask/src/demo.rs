//! `cargo xtask demo`: builds everything, starts it on loopback and prints the page's address.

use crate::args::DemoArgs;
use crate::setup::toolchain;
use crate::timed::timed;
use crate::workshop::Workshop;
use crate::{native, page, terminal};
use anyhow::{Result, anyhow, bail};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;

pub(crate) fn run(workshop: &Workshop, asked: &DemoArgs) -> Result<()> {
    ports_are_free(asked)?;
    let toolchain = toolchain::ready(workshop)?;
    let dist = page::default_dist(workshop);
    timed(workshop, "build sealift", |log| {
        // Both programs in one build, so that cargo builds their common and their other dependencies in parallel.
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
    let mut sealift = toolchain.program(native::sealift(workshop));
    sealift.arg("demo").arg("--page-dir").arg(dist);
    sealift.arg("--data").arg(std::path::absolute(&asked.data)?);
    sealift.args([
        "--port",
        &asked.port.to_string(),
        "--s3-port",
        &asked.s3_port.to_string(),
    ]);
    sealift
        .args(asked.fresh.then_some("--fresh"))
        .args(asked.drop.then_some("--drop"));
    terminal::say("Starting.");
    // This process becomes the server, so that Ctrl-C and signals reach the server directly and it stops cleanly.
    Err(anyhow!(sealift.exec()).context("cannot start target/debug/sealift"))
}

/// Checks the ports before anything is built, so that nobody learns of a taken port ten minutes later.
fn ports_are_free(asked: &DemoArgs) -> Result<()> {
    if asked.port == asked.s3_port && asked.port != 0 {
        bail!("--port and --s3-port are both {}; choose two", asked.port);
    }
    for (port, flag) in [(asked.port, "--port"), (asked.s3_port, "--s3-port")] {
        if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            bail!(
                "port {port} cannot be used ({error}); choose another with {flag}, or 0 for a free one"
            );
        }
    }
    // The printed address is localhost, for which browsers may try ::1 first.
    if asked.port != 0 && TcpStream::connect((Ipv6Addr::LOCALHOST, asked.port)).is_ok() {
        bail!(
            "port {} is taken on [::1]; choose another with --port",
            asked.port
        );
    }
    Ok(())
}

//! `cargo xtask demo`: everything on loopback, and the page's address.

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
    // Becomes the server: Ctrl-C and signals reach it directly, and it stops in its own good order.
    Err(anyhow!(sealift.exec()).context("cannot start target/debug/sealift"))
}

/// Asked before anything is built: nobody wants to hear of a taken port ten minutes later.
fn ports_are_free(asked: &DemoArgs) -> Result<()> {
    if asked.port == asked.s3_port && asked.port != 0 {
        bail!("--port and --s3-port are both {}; choose two", asked.port);
    }
    for (port, flag) in [(asked.port, "--port"), (asked.s3_port, "--s3-port")] {
        if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            bail!(
                "port {port} cannot be used ({error}); choose another with {flag}, or 0 for any free one"
            );
        }
    }
    // The address that is printed says localhost, which browsers may look for at ::1 first.
    if asked.port != 0 && TcpStream::connect((Ipv6Addr::LOCALHOST, asked.port)).is_ok() {
        bail!(
            "port {} is taken on [::1]; choose another with --port",
            asked.port
        );
    }
    Ok(())
}

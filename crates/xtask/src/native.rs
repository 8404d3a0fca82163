//! How native code is built.

use crate::setup::toolchain::Toolchain;
use crate::workshop::Workshop;
use std::path::PathBuf;
use std::process::Command;

/// Always the same packages: another choice would mean other features of what they share, and one more build of it.
/// The browser's crate is for wasm only, and this program must not be rebuilt while it runs.
const SELECTION: [&str; 5] = [
    "--workspace",
    "--exclude",
    "sealift-browser",
    "--exclude",
    "sealift-xtask",
];

/// `cargo <subcommand>` for all native packages.
pub(crate) fn cargo(workshop: &Workshop, toolchain: &Toolchain, subcommand: &str) -> Command {
    let mut command = plain_cargo(workshop, toolchain);
    command.arg(subcommand).args(SELECTION);
    command
}

/// The program that [`cargo`] builds.
pub(crate) fn sealift(workshop: &Workshop) -> PathBuf {
    workshop.target.join("debug/sealift")
}

/// `cargo` in the checkout.
pub(crate) fn plain_cargo(workshop: &Workshop, toolchain: &Toolchain) -> Command {
    let mut command = toolchain.cargo();
    command
        .current_dir(&workshop.root)
        .env("CARGO_TARGET_DIR", &workshop.target);
    command
}

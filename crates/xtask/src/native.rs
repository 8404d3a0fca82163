//! Makes the cargo commands that build native code.

use crate::setup::toolchain::Toolchain;
use crate::workshop::Workshop;
use std::path::PathBuf;
use std::process::Command;

/// The packages to build; always the same, because another choice would change the features of shared dependencies and
/// build them once more. The browser's crate is for wasm only, and this program must not be rebuilt while it runs.
const SELECTION: [&str; 5] = [
    "--workspace",
    "--exclude",
    "sealift-browser",
    "--exclude",
    "sealift-xtask",
];

/// Returns `cargo <subcommand>` for all native packages.
pub(crate) fn cargo(workshop: &Workshop, toolchain: &Toolchain, subcommand: &str) -> Command {
    let mut command = plain_cargo(workshop, toolchain);
    command.arg(subcommand).args(SELECTION);
    command
}

/// Returns the path of the program `sealift`, which [`cargo`] builds.
pub(crate) fn sealift(workshop: &Workshop) -> PathBuf {
    workshop.target.join("debug/sealift")
}

/// Returns `cargo`, run in the checkout.
pub(crate) fn plain_cargo(workshop: &Workshop, toolchain: &Toolchain) -> Command {
    let mut command = toolchain.cargo();
    command
        .current_dir(&workshop.root)
        .env("CARGO_TARGET_DIR", &workshop.target);
    command
}

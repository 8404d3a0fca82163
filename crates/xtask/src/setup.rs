//! What a machine needs: found where it is there, installed where it is not.
//!
//! Every part has `find` (cheap, changes nothing) and `ready` (finds or installs). So a set-up that is complete costs
//! a few short questions, and needs no record of what was done.

pub(crate) mod browser;
mod curl;
mod debian;
pub(crate) mod environment;
pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod toolchain;
pub(crate) mod tools;
mod wasm_std;

use crate::args::Purpose;
use crate::terminal;
use crate::workshop::Workshop;
use anyhow::{Result, bail};
use tools::Tool;

/// One thing that some work needs beside the toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// rustfmt and clippy in the toolchain.
    Lints,
    /// libFuzzer is C++.
    CppCompiler,
    /// A program that cargo can install.
    Tool(Tool),
    /// Chromium and its driver.
    Chromium,
    /// Firefox; its driver is a [`Tool`].
    Firefox,
    /// moto's KMS and the official readers in Python.
    Python,
    /// The official reader in JavaScript.
    Node,
    /// The client that everybody has, to upload and download with.
    Curl,
}

impl Need {
    /// Finds it or installs it.
    ///
    /// # Errors
    /// Where it is missing and cannot be installed; the error says what to install by hand.
    pub(crate) fn ready(self, workshop: &Workshop, toolchain: &toolchain::Toolchain) -> Result<()> {
        match self {
            Self::Lints => toolchain::lints_ready(workshop, toolchain),
            Self::CppCompiler => toolchain::cpp_ready(workshop),
            Self::Tool(tool) => tools::ready(workshop, toolchain, tool),
            Self::Chromium => browser::chromium_ready(workshop).map(drop),
            Self::Firefox => browser::firefox_ready(workshop).map(drop),
            Self::Python => python::ready(workshop).map(drop),
            Self::Node => node::ready(workshop).map(drop),
            Self::Curl => curl::ready(workshop),
        }
    }
}

/// Tries to have it; says why it is not to be had.
pub(crate) fn is_lacking(
    need: Need,
    workshop: &Workshop,
    toolchain: &toolchain::Toolchain,
) -> bool {
    let ready = need.ready(workshop, toolchain);
    if let Err(error) = &ready {
        terminal::complain(&format!("{need:?} is missing: {error:#}"));
    }
    ready.is_err()
}

/// `cargo xtask setup`
pub(crate) fn run(workshop: &Workshop, purpose: Purpose) -> Result<()> {
    let toolchain = toolchain::ready(workshop)?;
    terminal::say(&format!("toolchain: {toolchain}"));
    let needs: &[Need] = match purpose {
        Purpose::Demo => &[],
        Purpose::Test => &[
            Need::Lints,
            Need::Chromium,
            Need::Firefox,
            Need::Tool(Tool::Geckodriver),
            Need::Tool(Tool::Garage),
            Need::Python,
            Need::Node,
            Need::Curl,
            Need::Tool(Tool::WasmBindgen),
            Need::Tool(Tool::WasmPack),
            Need::Tool(Tool::Machete),
            Need::Tool(Tool::Deny),
            Need::Tool(Tool::Trunk),
        ],
    };
    let failed = needs
        .iter()
        .filter(|need| is_lacking(**need, workshop, &toolchain))
        .count();
    tools::sweep(workshop);
    if failed > 0 {
        bail!("{failed} parts of the set-up are missing; what to install stands above");
    }
    terminal::say("Nothing is missing.");
    Ok(())
}

//! Sets a machine up: finds the parts that are installed, and installs those that are missing.
//!
//! Every part has `find`, which is cheap and changes nothing, and `ready`, which finds or installs. Therefore a
//! complete set-up costs only a few short checks, and needs no record of what was done.

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

/// A part that some steps need besides the toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// rustfmt and clippy in the toolchain.
    Lints,
    /// A C++ compiler, because libFuzzer is C++.
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
    /// The tools that check the pages' scripts.
    WebTools,
    /// curl, with which everybody can upload and download.
    Curl,
}

impl Need {
    /// Finds the part or installs it.
    ///
    /// # Errors
    /// Fails if the part is missing and cannot be installed. The error says what to install by hand.
    pub(crate) fn ready(self, workshop: &Workshop, toolchain: &toolchain::Toolchain) -> Result<()> {
        match self {
            Self::Lints => toolchain::lints_ready(workshop, toolchain),
            Self::CppCompiler => toolchain::cpp_ready(workshop),
            Self::Tool(tool) => tools::ready(workshop, toolchain, tool),
            Self::Chromium => browser::chromium_ready(workshop).map(drop),
            Self::Firefox => browser::firefox_ready(workshop).map(drop),
            Self::Python => python::ready(workshop).map(drop),
            Self::Node => node::SDK.ready(workshop).map(drop),
            Self::WebTools => node::WEB_TOOLS.ready(workshop).map(drop),
            Self::Curl => curl::ready(workshop),
        }
    }
}

/// Finds or installs a part. If that fails, prints why and returns true.
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

/// Runs `cargo xtask setup`.
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
            Need::WebTools,
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
        bail!("{failed} parts of the set-up are missing; the lines above say what to install");
    }
    terminal::say("Nothing is missing.");
    Ok(())
}

//! Finds or installs the programs that come from crates.io, each at one version, in a cache that `cargo clean` leaves
//! alone.

use super::toolchain::Toolchain;
use crate::timed::{Log, timed};
use crate::workshop::Workshop;
use crate::{programs, terminal};
use anyhow::{Context, Result, anyhow};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A program from crates.io.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// `wasm-bindgen`, and the test runner that wasm-pack starts. Its version is that of the library.
    WasmBindgen,
    WasmPack,
    Trunk,
    Deny,
    Machete,
    /// Firefox's driver.
    Geckodriver,
    /// An S3 store to test against.
    Garage,
}

impl Tool {
    fn package(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen-cli",
            Self::WasmPack => "wasm-pack",
            Self::Trunk => "trunk",
            Self::Deny => "cargo-deny",
            Self::Machete => "cargo-machete",
            Self::Geckodriver => "geckodriver",
            Self::Garage => "garage",
        }
    }

    fn version(self, workshop: &Workshop) -> Result<String> {
        Ok(match self {
            Self::WasmBindgen => return workshop.locked_version("wasm-bindgen"),
            Self::WasmPack => "0.15.1",
            Self::Trunk => "0.22.1",
            Self::Deny => "0.20.2",
            Self::Machete => "0.9.2",
            Self::Geckodriver => "0.37.1",
            Self::Garage => "2.5.0",
        }
        .into())
    }

    /// Returns the programs that the package installs. The first is the tool itself.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::WasmBindgen => &["wasm-bindgen", "wasm-bindgen-test-runner"],
            Self::WasmPack => &["wasm-pack"],
            Self::Trunk => &["trunk"],
            Self::Deny => &["cargo-deny"],
            Self::Machete => &["cargo-machete"],
            Self::Geckodriver => &["geckodriver"],
            Self::Garage => &["garage"],
        }
    }

    /// Returns the flags that choose the package's features.
    fn features(self) -> &'static [&'static str] {
        match self {
            // Build only one database engine, and use no library of the machine.
            Self::Garage => &["--no-default-features", "--features", "lmdb,bundled-libs"],
            _ => &[],
        }
    }

    /// Returns whether people call the tool by hand, so that it should be on their PATH.
    fn is_called_by_hand(self) -> bool {
        matches!(self, Self::WasmBindgen | Self::WasmPack | Self::Trunk)
    }

    fn root(self, workshop: &Workshop) -> Result<PathBuf> {
        Ok(workshop.cache.join("tools").join(format!(
            "{}-{}",
            self.package(),
            self.version(workshop)?
        )))
    }

    /// Returns the folder with the tool's programs.
    pub(crate) fn folder(self, workshop: &Workshop) -> Result<PathBuf> {
        Ok(self.root(workshop)?.join("bin"))
    }

    /// Returns the path of the tool itself.
    pub(crate) fn program(self, workshop: &Workshop) -> Result<PathBuf> {
        let name = self
            .programs()
            .first()
            .ok_or_else(|| anyhow!("{} installs nothing", self.package()))?;
        Ok(self.folder(workshop)?.join(name))
    }
}

/// Finds the tool or installs it.
pub(crate) fn ready(workshop: &Workshop, toolchain: &Toolchain, tool: Tool) -> Result<()> {
    let folder = tool.folder(workshop)?;
    if !tool
        .programs()
        .iter()
        .all(|name| folder.join(name).is_file())
    {
        let name = format!("install {} {}", tool.package(), tool.version(workshop)?);
        timed(workshop, &name, |log| {
            install(workshop, toolchain, tool, log)
        })
        .result?;
    }
    if tool.is_called_by_hand() {
        for name in tool.programs() {
            // A failure does not matter, because the steps know where the tool is.
            if let Err(error) = offer(&folder.join(name), name) {
                terminal::say(&format!("{error:#}; it is in {}", folder.display()));
            }
        }
    }
    Ok(())
}

fn install(workshop: &Workshop, toolchain: &Toolchain, tool: Tool, log: &mut Log) -> Result<()> {
    // The tools run for seconds but build for minutes, so they are built with little optimisation. All share one target
    // folder, so that common dependencies are built once. `--locked` is not given, so that cargo can choose versions
    // that the registry still serves.
    log.run(
        toolchain
            .cargo()
            .current_dir(env::temp_dir())
            .env("CARGO_TARGET_DIR", build_folder(workshop))
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .args([
                "install",
                "--force",
                "--ignore-rust-version",
                "--version",
                &tool.version(workshop)?,
                "--root",
            ])
            .arg(tool.root(workshop)?)
            .args(tool.features())
            .arg(tool.package()),
    )
}

fn build_folder(workshop: &Workshop) -> PathBuf {
    // Each process has its own folder, because another checkout may install at the same time.
    let own = format!("build-{}", std::process::id());
    workshop.cache.join(own)
}

/// Deletes the build folder of the tools.
pub(crate) fn sweep(workshop: &Workshop) {
    // If this fails, the folder only uses disk space.
    let _gone = fs::remove_dir_all(build_folder(workshop));
}

/// Links `program` into cargo's folder of programs, unless the person has a program of that name already.
fn offer(program: &Path, name: &str) -> Result<()> {
    let Some(home) = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
    else {
        return Ok(());
    };
    let link = home.join("bin").join(name);
    let stale = fs::read_link(&link).is_ok_and(|old| {
        old != program && old.components().any(|part| part.as_os_str() == "sealift")
    });
    if stale {
        fs::remove_file(&link).with_context(|| format!("cannot replace {}", link.display()))?;
    } else if link.symlink_metadata().is_ok() || programs::find(name).is_some() {
        return Ok(());
    }
    fs::create_dir_all(home.join("bin"))?;
    std::os::unix::fs::symlink(program, &link)
        .with_context(|| format!("cannot make {}", link.display()))?;
    if programs::find(name).is_none() {
        terminal::say(&format!(
            "{name} is in {}, which is not on your PATH.",
            home.join("bin").display()
        ));
    }
    Ok(())
}

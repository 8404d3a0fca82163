//! Builds the programs to measure, in release, and the scripts of the peers.

use crate::native;
use crate::page;
use crate::programs;
use crate::setup::browser::Chromium;
use crate::setup::environment::NO_AWS;
use crate::setup::python::Python;
use crate::setup::toolchain::Toolchain;
use crate::setup::tools::{self, Tool};
use crate::timed::Log;
use crate::workshop::Workshop;
use anyhow::{Context, Result, anyhow, bail};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The paths of everything that was built.
pub(super) struct Built {
    /// The program that measures.
    pub(super) peers: PathBuf,
    sealift: PathBuf,
    message: PathBuf,
    native_peers: PathBuf,
    site: PathBuf,
}

impl Built {
    pub(super) fn make(workshop: &Workshop, toolchain: &Toolchain, log: &mut Log) -> Result<Self> {
        let site = workshop.target.join("bench/site");
        bundle_peers(&workshop.root.join("tests/bench/web"), &site, log)?;
        build_sealing(workshop, toolchain, &site.join("module"), log)?;
        page::build(workshop, toolchain, &page::default_dist(workshop), log)?;
        Ok(Self {
            message: bench(workshop, toolchain, &["sealift-message"], "message", log)?,
            peers: bench(workshop, toolchain, &PROGRAMS, "peers", log)?,
            sealift: build_sealift(workshop, toolchain, log)?,
            native_peers: build_native_peers(workshop, toolchain, log)?,
            site,
        })
    }

    /// Returns the environment variables for the measuring program.
    pub(super) fn environment(
        &self,
        workshop: &Workshop,
        chromium: &Chromium,
        firefox: &Path,
        python: &Python,
    ) -> Result<Vec<(&'static str, OsString)>> {
        let credentials = NO_AWS.map(|(name, value)| (name, value.into()));
        let places = [
            ("SEALIFT_TEST_MOTO", python.moto_server.clone().into()),
            ("SEALIFT_TEST_CHROMIUM", chromium.program.clone().into()),
            ("SEALIFT_TEST_CHROMEDRIVER", chromium.driver.clone().into()),
            ("SEALIFT_TEST_FIREFOX", firefox.into()),
            (
                "SEALIFT_TEST_GECKODRIVER",
                Tool::Geckodriver.program(workshop)?.into(),
            ),
            ("SEALIFT_TEST_SEALIFT", self.sealift.clone().into()),
            ("SEALIFT_TEST_PAGE_DIR", page::default_dist(workshop).into()),
            ("SEALIFT_BENCH_SITE", self.site.clone().into()),
            ("SEALIFT_BENCH_MESSAGE", self.message.clone().into()),
            (
                "SEALIFT_BENCH_NATIVE_PEERS",
                self.native_peers.clone().into(),
            ),
        ];
        Ok(credentials.into_iter().chain(places).collect())
    }
}

/// The packages of the measuring program and of the command line. They are chosen together, because another choice
/// would change the features of shared dependencies and build them once more.
const PROGRAMS: [&str; 2] = ["sealift-tests", "sealift-cli"];

/// Installs exactly the peers that the lock file names, unless they are installed, and bundles them.
fn bundle_peers(web: &Path, site: &Path, log: &mut Log) -> Result<()> {
    let Some(npm) = programs::find("npm") else {
        bail!("no npm on the PATH; install Node.js 20 or newer with npm, then start again");
    };
    let lock = web.join("package-lock.json");
    let installed = web.join("node_modules/.package-lock.json");
    let is_newer = |a: &Path, b: &Path| Some(changed(a).ok()? >= changed(b).ok()?);
    if is_newer(&installed, &lock) != Some(true) {
        log.run(Command::new(npm).current_dir(web).arg("ci"))?;
    }
    log.run(
        Command::new(web.join("node_modules/.bin/esbuild"))
            .current_dir(web)
            .args(["src/index.html", "src/peers.js"])
            .args(["src/plain_worker.js", "src/slices_worker.js"])
            .args(["src/sealing_worker.js", "src/seal_worker.js"])
            .args([
                "--bundle",
                "--minify",
                "--format=esm",
                "--loader:.html=copy",
            ])
            .arg("--external:/module/*")
            .arg(format!("--outdir={}", site.display())),
    )
}

/// Builds Sealift's sealing as a module of its own, compiled like the page's module.
fn build_sealing(
    workshop: &Workshop,
    toolchain: &Toolchain,
    module: &Path,
    log: &mut Log,
) -> Result<()> {
    log.run(
        native::plain_cargo(workshop, toolchain)
            .args([
                "build",
                "--package",
                "sealift-browser",
                "--example",
                "sealing",
            ])
            .args(["--target", "wasm32-unknown-unknown", "--profile", "page"]),
    )?;
    tools::ready(workshop, toolchain, Tool::WasmBindgen)?;
    let wasm = "wasm32-unknown-unknown/page/examples/sealing.wasm";
    log.run(
        Command::new(Tool::WasmBindgen.program(workshop)?)
            .args(["--target", "web", "--no-typescript", "--out-dir"])
            .arg(module)
            .arg(workshop.target.join(wasm)),
    )
}

/// Builds the program of the native peers, which is a workspace of its own.
fn build_native_peers(
    workshop: &Workshop,
    toolchain: &Toolchain,
    log: &mut Log,
) -> Result<PathBuf> {
    let package = workshop.root.join("tests/bench/native-peers");
    let target = workshop.target.join("native-peers");
    log.run(
        native::plain_cargo(workshop, toolchain)
            .args(["build", "--release", "--locked"])
            .arg("--manifest-path")
            .arg(package.join("Cargo.toml"))
            .env("CARGO_TARGET_DIR", &target),
    )?;
    Ok(target.join("release/sealift-native-peers"))
}

/// Builds a bench and returns the path of its program.
fn bench(
    workshop: &Workshop,
    toolchain: &Toolchain,
    packages: &[&str],
    name: &str,
    log: &mut Log,
) -> Result<PathBuf> {
    log.run(
        native::plain_cargo(workshop, toolchain)
            .args(["bench", "--bench", name, "--no-run"])
            .args(packages.iter().flat_map(|package| ["--package", package])),
    )?;
    let output = log.text();
    let program = program_in(&output)
        .ok_or_else(|| anyhow!("cargo does not say where the bench {name} is"))?;
    Ok(workshop.root.join(program))
}

/// Builds the command line and returns the path of its program.
fn build_sealift(workshop: &Workshop, toolchain: &Toolchain, log: &mut Log) -> Result<PathBuf> {
    log.run(
        native::plain_cargo(workshop, toolchain)
            .args(["build", "--release", "--bin", "sealift"])
            .args(PROGRAMS.iter().flat_map(|package| ["--package", package])),
    )?;
    Ok(workshop.target.join("release/sealift"))
}

/// Returns the last program that cargo reports, as in `Executable benches/main.rs (target/release/deps/main-0123)`.
fn program_in(output: &str) -> Option<&str> {
    let line = output
        .lines()
        .rfind(|line| line.trim_start().starts_with("Executable "))?;
    line.split_once('(')?.1.strip_suffix(')')
}

fn changed(path: &Path) -> Result<std::time::SystemTime> {
    fs::metadata(path)
        .and_then(|data| data.modified())
        .with_context(|| format!("cannot look at {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::program_in;

    #[test]
    fn the_program_of_a_bench_is_read_from_what_cargo_says() {
        let output = "    Finished `bench` profile\n  Executable benches/main.rs (target/release/deps/main-01)\n  \
                      Executable bench/main.rs (/other target/peers-02)\n";
        assert_eq!(program_in(output), Some("/other target/peers-02"));
        assert_eq!(program_in("Finished"), None);
    }
}

//! Runs every fuzz target briefly, to check that each still starts and finds nothing at once.
//!
//! The ordinary compiler builds the targets with coverage counters, so that no nightly and no cargo-fuzz is needed.

use super::Bench;
use crate::native;
use crate::timed::Log;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// The flags that cargo-fuzz passes, without the sanitizers, because those need a nightly and the fuzzed code has no
/// unsafe.
const COUNTERS: &str = "--cfg fuzzing -Cdebug-assertions -Coverflow-checks \
    -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

const SECONDS_PER_TARGET: u32 = 10;

pub(super) fn run(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let folder = bench.workshop.root.join("crates/message/fuzz");
    let targets = targets(&folder.join("fuzz_targets"))?;
    // The fuzz targets have their own target folder, because their flags differ from those of the workspace.
    let built = bench.workshop.target.join("fuzz");
    // `--target` keeps the flags away from build scripts, which would not link without the fuzzer's runtime.
    let cargo = |subcommand: &str| {
        let mut cargo = native::plain_cargo(bench.workshop, bench.toolchain);
        cargo
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", &built)
            .env("RUSTFLAGS", COUNTERS)
            .args([subcommand, "--release", "--target", "host-tuple"]);
        cargo
    };
    log.run(cargo("build").arg("--bins"))?;
    for target in targets {
        let found = built.join("found").join(&target);
        fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
        let mut fuzz = cargo("run");
        fuzz.args(["--bin", &target, "--"])
            .arg(format!("-max_total_time={SECONDS_PER_TARGET}"))
            .arg(format!(
                "-artifact_prefix={}/crash-{target}-",
                built.display()
            ))
            .arg(found);
        let seeds = folder.join("corpus").join(&target);
        if seeds.is_dir() {
            fuzz.arg(seeds);
        }
        log.run(&mut fuzz)?;
    }
    Ok(())
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(stem) = path.file_stem()
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    if names.is_empty() {
        bail!("{} has no fuzz target", folder.display());
    }
    names.sort();
    Ok(names)
}

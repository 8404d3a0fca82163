//! Builds the standard library for wasm32 from Debian's own sources, because Debian's compiler comes without it.

use super::debian::Root;
use crate::programs;
use crate::timed::Log;
use crate::workshop::Workshop;
use anyhow::{Context, Result, anyhow, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
const RUSTLIB: &str = "/usr/lib/rustlib";

const MANIFEST: &str = "\
[package]
name = \"std-for-wasm\"
version = \"0.0.0\"
edition = \"2021\"

[lib]
path = \"lib.rs\"

[workspace]
";

/// Builds std for wasm32 with Debian's compiler and copies it into that compiler's folder, together with a linker.
pub(crate) fn install(workshop: &Workshop, log: &mut Log) -> Result<()> {
    let room = workshop.cache.join("std-for-wasm");
    fs::create_dir_all(&room).with_context(|| format!("cannot make {}", room.display()))?;
    fs::write(room.join("Cargo.toml"), MANIFEST)?;
    fs::write(room.join("lib.rs"), "#![no_std]\n")?;
    let target = room.join("target");
    // `-Zbuild-std` is the only way to build std and is still unstable, so it needs RUSTC_BOOTSTRAP. LTO needs bitcode.
    log.run(
        programs::clean(CARGO)
            .current_dir(&room)
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTC", RUSTC)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .args([
                "build",
                "--release",
                "-Zbuild-std=std,panic_abort,test",
                "--target",
                "wasm32-unknown-unknown",
            ]),
    )?;
    let root = Root::find()
        .ok_or_else(|| anyhow!("not root, and no sudo: {RUSTLIB} cannot be written"))?;
    let libraries = libraries(&target.join("wasm32-unknown-unknown/release/deps"))?;
    let folder = format!("{RUSTLIB}/wasm32-unknown-unknown/lib");
    // Remove the libraries of an earlier compiler; otherwise there would be two candidates for one name.
    log.run(root.command("rm").args(["-rf", &folder]))?;
    log.run(root.command("mkdir").args(["-p", &folder]))?;
    log.run(root.command("cp").args(&libraries).arg(&folder))?;
    link_linker(&root, log)?;
    fs::remove_dir_all(&room).with_context(|| format!("cannot remove {}", room.display()))
}

fn libraries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "rlib")
        {
            found.push(path);
        }
    }
    if found.is_empty() {
        bail!(
            "the build of std for wasm32 left no library in {}",
            folder.display()
        );
    }
    Ok(found)
}

/// Links a linker into rustc's folder. rustc looks for `rust-lld` there, but Debian's compiler comes without one.
fn link_linker(root: &Root, log: &mut Log) -> Result<()> {
    let host = programs::ask(Command::new(RUSTC).args(["--print", "host-tuple"]))
        .ok_or_else(|| anyhow!("{RUSTC} does not say what machine it is for"))?;
    let folder = format!("{RUSTLIB}/{host}/bin");
    let linker = linkers(&host)
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            anyhow!("no linker for wasm32: install the package lld-19 or lld, then start again")
        })?;
    log.run(root.command("mkdir").args(["-p", &folder]))?;
    log.run(
        root.command("ln")
            .arg("-sf")
            .arg(linker)
            .arg(format!("{folder}/rust-lld")),
    )
}

/// Returns the paths of possible linkers, the newest first, because the linker must know the output of the compiler's
/// LLVM.
fn linkers(host: &str) -> Vec<PathBuf> {
    let rustup = programs::ask(Command::new("rustc").args(["--print", "sysroot"]))
        .map(|sysroot| Path::new(&sysroot).join(format!("lib/rustlib/{host}/bin/rust-lld")));
    let debian = (14..=30)
        .rev()
        .map(|version| PathBuf::from(format!("/usr/lib/llvm-{version}/bin/lld")));
    rustup.into_iter().chain(debian).collect()
}

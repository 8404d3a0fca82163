//! Checks which package may depend on which, with the dependencies that cargo resolves. The arrows keep the pure
//! packages free of I/O, and client, browser and server free of each other.

use super::Bench;
use crate::native;
use crate::programs;
use crate::timed::Log;
use anyhow::{Result, anyhow, bail};

/// The packages of the workspace that each package may depend on, directly or not.
const ARROWS: [(&str, &[&str]); 8] = [
    ("sealift-message", &[]),
    ("sealift-transfer", &["sealift-message"]),
    ("sealift-keyring", &["sealift-message"]),
    ("sealift-client", &["sealift-message", "sealift-transfer"]),
    ("sealift-browser", &["sealift-message", "sealift-transfer"]),
    (
        "sealift-server",
        &["sealift-keyring", "sealift-message", "sealift-transfer"],
    ),
    ("sealift-page-builder", &[]),
    ("sealift-xtask", &[]),
];

/// The packages that the pure packages may name in their manifests: cryptography, encodings and data, but no I/O, clock
/// or runtime.
const PURE: [(&str, &[&str]); 2] = [
    (
        "sealift-message",
        &[
            "aes-gcm",
            "aws-lc-rs",
            "base64",
            "hkdf",
            "hmac",
            "rand_core",
            "sha2",
            "subtle",
            "thiserror",
            "zeroize",
        ],
    ),
    (
        "sealift-transfer",
        &[
            "base64",
            "sealift-message",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "zeroize",
        ],
    ),
];

/// The packages that the pure packages may not depend on, not even indirectly.
const IMPURE: [&str; 6] = [
    "aws-config",
    "aws-sdk-",
    "aws-smithy-",
    "tokio",
    "hyper",
    "reqwest",
];

pub(super) fn check(bench: &Bench<'_>, log: &mut Log, faults: &mut Vec<String>) -> Result<()> {
    for (package, allowed) in ARROWS {
        let below = tree(bench, package, "all")?;
        log.note(&format!("{package}: {} packages below it", below.len()))?;
        let ours = below
            .iter()
            .filter(|name| name.starts_with("sealift-") && *name != package);
        faults.extend(
            ours.filter(|name| !allowed.contains(&name.as_str()))
                .map(|name| format!("{package} may not depend on {name}")),
        );
    }
    for (package, allowed) in PURE {
        let direct = tree(bench, package, "1")?;
        faults.extend(
            direct
                .iter()
                .filter(|name| *name != package && !allowed.contains(&name.as_str()))
                .map(|name| format!("{package} is pure and may not name {name} in its manifest")),
        );
        faults.extend(
            tree(bench, package, "all")?
                .iter()
                .filter(|name| IMPURE.iter().any(|impure| name.starts_with(impure)))
                .map(|name| format!("{package} is pure and has {name} below it")),
        );
    }
    Ok(())
}

/// Returns the names of the packages that `package` depends on, to a depth, with all features and for every machine.
fn tree(bench: &Bench<'_>, package: &str, depth: &str) -> Result<Vec<String>> {
    let mut command = native::plain_cargo(bench.workshop, bench.toolchain);
    command.args([
        "tree",
        "--package",
        package,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--all-features",
    ]);
    command.args(["--target", "all"]);
    if depth != "all" {
        command.args(["--depth", depth]);
    }
    let answer = programs::ask(&mut command)
        .ok_or_else(|| anyhow!("`cargo tree --package {package}` failed"))?;
    let mut names: Vec<String> = answer
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    if !names.iter().any(|name| name == package) {
        bail!("`cargo tree --package {package}` does not name it");
    }
    Ok(names)
}

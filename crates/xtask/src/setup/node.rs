//! Finds or installs the official reader and writer of our format for JavaScript, on Node.js.

use super::debian;
use crate::programs;
use crate::timed::{Log, timed};
use crate::workshop::Workshop;
use anyhow::{Context, Result, anyhow};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The folder in the checkout with the names and versions to install.
const SOURCE: &str = "tests/interop/javascript";
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The programs that the stories start.
pub(crate) struct Node {
    pub(crate) node: PathBuf,
    /// The folder below which the SDK is found.
    pub(crate) sdk: PathBuf,
}

impl Node {
    pub(crate) fn find(workshop: &Workshop) -> Option<Self> {
        let sdk = folder(workshop);
        let lock = |folder: PathBuf| fs::read(folder.join("package-lock.json")).ok();
        let is_installed = sdk.join("node_modules/.package-lock.json").is_file()
            && lock(sdk.clone())? == lock(workshop.root.join(SOURCE))?;
        is_installed.then_some(())?;
        Some(Self {
            node: programs::find("node")?,
            sdk,
        })
    }
}

fn folder(workshop: &Workshop) -> PathBuf {
    workshop.cache.join("node/aws-encryption-sdk")
}

/// Finds the SDK, or installs exactly the packages that the lock file names.
pub(crate) fn ready(workshop: &Workshop) -> Result<Node> {
    if let Some(node) = Node::find(workshop) {
        return Ok(node);
    }
    if programs::find("node").is_none() || programs::find("npm").is_none() {
        timed(workshop, "set up Node.js", |log| {
            debian::install(log, &["nodejs", "npm"])
        })
        .result?;
    }
    timed(workshop, "install aws-encryption-sdk (JavaScript)", |log| {
        install(workshop, log)
    })
    .result?;
    Node::find(workshop).ok_or_else(|| anyhow!("{} holds no SDK", folder(workshop).display()))
}

fn install(workshop: &Workshop, log: &mut Log) -> Result<()> {
    let npm =
        programs::find("npm").ok_or_else(|| anyhow!("npm was installed but is not on the PATH"))?;
    let folder = folder(workshop);
    fs::create_dir_all(&folder)?;
    for file in FILES {
        fs::copy(workshop.root.join(SOURCE).join(file), folder.join(file))
            .with_context(|| format!("cannot write below {}", folder.display()))?;
    }
    // `npm ci` also removes the rest of an unfinished installation.
    log.run(Command::new(npm).current_dir(&folder).arg("ci"))
}

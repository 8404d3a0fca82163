//! Finds or installs the packages of Node.js: the official reader and writer of our format for JavaScript, and the tools
//! that check the pages' scripts.

use super::debian;
use crate::programs;
use crate::timed::{Log, timed};
use crate::workshop::Workshop;
use anyhow::{Context, Result, anyhow};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Packages that are installed together.
pub(crate) struct Packages {
    /// Their name for people, and the name of their folder in the cache.
    name: &'static str,
    /// The folder in the checkout with the names and versions to install.
    source: &'static str,
}

/// The official reader and writer.
pub(crate) const SDK: Packages = Packages {
    name: "aws-encryption-sdk",
    source: "tests/interop/javascript",
};

/// TypeScript and Biome.
pub(crate) const WEB_TOOLS: Packages = Packages {
    name: "web-tools",
    source: "web",
};

const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Node.js with installed packages.
pub(crate) struct Node {
    pub(crate) node: PathBuf,
    /// The folder below which the packages are found.
    pub(crate) packages: PathBuf,
}

impl Node {
    pub(crate) fn find(workshop: &Workshop, packages: &Packages) -> Option<Self> {
        let folder = packages.folder(workshop);
        let lock = |folder: PathBuf| fs::read(folder.join("package-lock.json")).ok();
        let is_installed = folder.join("node_modules/.package-lock.json").is_file()
            && lock(folder.clone())? == lock(workshop.root.join(packages.source))?;
        is_installed.then_some(())?;
        Some(Self {
            node: programs::find("node")?,
            packages: folder,
        })
    }

    /// Returns the command that runs a script of a package, such as `typescript/bin/tsc`.
    pub(crate) fn script(&self, script: &str) -> Command {
        let mut command = programs::clean(&self.node);
        command.arg(self.packages.join("node_modules").join(script));
        command
    }
}

impl Packages {
    fn folder(&self, workshop: &Workshop) -> PathBuf {
        workshop.cache.join("node").join(self.name)
    }

    /// Finds the packages, or installs exactly those that the lock file names.
    pub(crate) fn ready(&self, workshop: &Workshop) -> Result<Node> {
        if let Some(node) = Node::find(workshop, self) {
            return Ok(node);
        }
        if programs::find("node").is_none() || programs::find("npm").is_none() {
            timed(workshop, "set up Node.js", |log| {
                debian::install(log, &["nodejs", "npm"])
            })
            .result?;
        }
        timed(
            workshop,
            &format!("install {} (JavaScript)", self.name),
            |log| self.install(workshop, log),
        )
        .result?;
        Node::find(workshop, self)
            .ok_or_else(|| anyhow!("{} holds no {}", self.folder(workshop).display(), self.name))
    }

    fn install(&self, workshop: &Workshop, log: &mut Log) -> Result<()> {
        let npm = programs::find("npm")
            .ok_or_else(|| anyhow!("npm was installed but is not on the PATH"))?;
        let folder = self.folder(workshop);
        fs::create_dir_all(&folder)?;
        for file in FILES {
            fs::copy(
                workshop.root.join(self.source).join(file),
                folder.join(file),
            )
            .with_context(|| format!("cannot write below {}", folder.display()))?;
        }
        // `npm ci` also removes the rest of an unfinished installation.
        log.run(Command::new(npm).current_dir(&folder).arg("ci"))
    }
}

//! Installs packages of the operating system, if that is a Debian.

use crate::programs;
use crate::timed::Log;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// Installs packages, as root or with sudo.
///
/// # Errors
/// Fails if there is no apt, or no permission to use it. The error says which packages to install.
pub(crate) fn install(log: &mut Log, packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if programs::find("apt-get").is_none() {
        bail!(
            "this machine has no apt-get: install what Debian calls {names} by hand, then start again"
        );
    }
    let Some(root) = Root::find() else {
        bail!(
            "not root, and no sudo: let an administrator run `apt-get install {names}`, then start again"
        );
    };
    // One broken source fails the update, but the old package lists may be enough.
    let _stale = log.run(root.command("apt-get").args(["update", "-q"]));
    log.run(
        root.command("apt-get")
            .args(["install", "-q", "-y", "--no-install-recommends"])
            .args(packages),
    )
    .with_context(|| {
        format!("let an administrator run `apt-get install {names}`, then start again")
    })
}

/// The way to run a command as root.
pub(crate) enum Root {
    Already,
    Sudo,
}

impl Root {
    pub(crate) fn find() -> Option<Self> {
        match programs::ask(Command::new("id").arg("-u")).as_deref() {
            Some("0") => Some(Self::Already),
            _ => programs::find("sudo").map(|_| Self::Sudo),
        }
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = match self {
            Self::Already => Command::new(program),
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.args(["--preserve-env=DEBIAN_FRONTEND", program]);
                command
            }
        };
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
}

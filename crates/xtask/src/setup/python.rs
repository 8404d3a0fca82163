//! Finds or installs moto's KMS and the official readers of our format. They are in two virtual environments, because
//! the requirements of the readers exclude each other.

use super::debian;
use crate::programs;
use crate::timed::{Log, timed};
use crate::workshop::Workshop;
use anyhow::{Context, Result, anyhow};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SDK: Environment = Environment {
    name: "aws-encryption-sdk",
    requirements: &["aws-encryption-sdk==4.*", "boto3", "moto[server]"],
    program: "moto_server",
};
const CLI: Environment = Environment {
    name: "aws-encryption-cli",
    requirements: &["aws-encryption-sdk-cli"],
    program: "aws-encryption-cli",
};

/// The peer of the command line in the benchmark. Its speed changes with its version.
const AWS_CLI: Environment = Environment {
    name: "aws-cli",
    requirements: &["awscli==1.45.11"],
    program: "aws",
};

/// The programs that the stories start.
pub(crate) struct Python {
    /// A Python that can import the SDK.
    pub(crate) sdk_python: PathBuf,
    pub(crate) moto_server: PathBuf,
    pub(crate) encryption_cli: PathBuf,
}

struct Environment {
    name: &'static str,
    requirements: &'static [&'static str],
    program: &'static str,
}

impl Environment {
    fn folder(&self, workshop: &Workshop) -> PathBuf {
        workshop.cache.join("python").join(self.name)
    }

    fn program(&self, workshop: &Workshop, name: &str) -> PathBuf {
        self.folder(workshop).join("bin").join(name)
    }

    /// Returns the path of a file that is written last. A folder without it is an unfinished installation.
    fn receipt(&self, workshop: &Workshop) -> PathBuf {
        self.folder(workshop).join("sealift-requirements.txt")
    }

    fn is_ready(&self, workshop: &Workshop) -> bool {
        fs::read_to_string(self.receipt(workshop))
            .is_ok_and(|text| text == self.requirements.join("\n"))
            && programs::ask(Command::new(self.program(workshop, "python")).arg("--version"))
                .is_some()
            && self.program(workshop, self.program).is_file()
    }

    fn install(&self, workshop: &Workshop, log: &mut Log) -> Result<()> {
        let folder = self.folder(workshop);
        let python = programs::find("python3")
            .ok_or_else(|| anyhow!("python3 was installed but is not on the PATH"))?;
        log.run(
            Command::new(python)
                .args(["-m", "venv", "--clear"])
                .arg(&folder),
        )?;
        log.run(
            Command::new(self.program(workshop, "python"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .args(self.requirements),
        )?;
        fs::write(self.receipt(workshop), self.requirements.join("\n"))
            .with_context(|| format!("cannot write below {}", folder.display()))
    }
}

impl Python {
    pub(crate) fn find(workshop: &Workshop) -> Option<Self> {
        (SDK.is_ready(workshop) && CLI.is_ready(workshop)).then(|| Self {
            sdk_python: SDK.program(workshop, "python"),
            moto_server: SDK.program(workshop, SDK.program),
            encryption_cli: CLI.program(workshop, CLI.program),
        })
    }
}

/// Finds both environments or makes them.
pub(crate) fn ready(workshop: &Workshop) -> Result<Python> {
    if let Some(python) = Python::find(workshop) {
        return Ok(python);
    }
    make(workshop, &[&SDK, &CLI])?;
    Python::find(workshop).ok_or_else(|| {
        anyhow!(
            "the Python environments below {} do not start",
            shown(&workshop.cache)
        )
    })
}

/// Finds aws-cli or installs it. Only the benchmark needs it.
pub(crate) fn aws_cli_ready(workshop: &Workshop) -> Result<PathBuf> {
    if !AWS_CLI.is_ready(workshop) {
        make(workshop, &[&AWS_CLI])?;
    }
    Ok(AWS_CLI.program(workshop, AWS_CLI.program))
}

/// Makes those of the environments that are not ready.
fn make(workshop: &Workshop, environments: &[&Environment]) -> Result<()> {
    if !makes_environments() {
        timed(workshop, "set up Python", |log| {
            debian::install(log, &["python3", "python3-venv"])
        })
        .result?;
    }
    for environment in environments {
        if !environment.is_ready(workshop) {
            let name = format!("install {} (Python)", environment.name);
            timed(workshop, &name, |log| environment.install(workshop, log)).result?;
        }
    }
    Ok(())
}

fn shown(cache: &Path) -> String {
    cache.join("python").display().to_string()
}

/// Returns whether Python can make virtual environments. Debian's python3 lacks the modules for that.
fn makes_environments() -> bool {
    programs::ask(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_some()
}

//! Finds or installs one Rust toolchain for native code and wasm: rustup's if it has the wasm32 target, else Debian's.

use super::{debian, wasm_std};
use crate::programs;
use crate::terminal;
use crate::timed::{Log, timed};
use crate::workshop::Workshop;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};
use std::{env, fmt};

/// The oldest Rust that builds the workspace, because `s3s` needs it. It equals `rust-version` in Cargo.toml.
const LEAST_RUST: (u32, u32) = (1, 96);
/// The release that rustup installs if its active toolchain is too old.
const RUSTUP_RELEASE: &str = "1.96.0";
/// The name under which rustup knows Debian's compiler.
const LINKED: &str = "sealift";
const WASM: &str = "wasm32-unknown-unknown";

/// A toolchain that builds the whole workspace.
pub(crate) enum Toolchain {
    /// The toolchain that rustup knows by this name.
    Rustup(String),
    /// The cargo on the PATH, on a machine without rustup.
    OnPath,
    /// Debian's toolchain, on a machine whose PATH leads to another cargo, which is not rustup's.
    Debian,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rustup(name) => write!(f, "{name} (rustup)"),
            Self::OnPath => write!(f, "the cargo on the PATH"),
            Self::Debian => write!(f, "Debian's, in /usr/bin"),
        }
    }
}

impl Toolchain {
    /// Returns `cargo` of this toolchain.
    pub(crate) fn cargo(&self) -> Command {
        self.program("cargo")
    }

    /// Returns a command for another program. If the program calls cargo, it gets this toolchain.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = programs::clean(program);
        match self {
            Self::Rustup(name) => command.env("RUSTUP_TOOLCHAIN", name),
            Self::OnPath => &mut command,
            Self::Debian => programs::with_path(&mut command, ["/usr/bin".into()]),
        };
        command
    }

    /// Checks whether the toolchain is new enough and has the wasm32 target.
    fn fitness(&self) -> Fitness {
        let version = programs::ask(
            self.program("rustc")
                .env("RUSTUP_AUTO_INSTALL", "0")
                .arg("--version"),
        );
        match version.as_deref().and_then(release) {
            None => Fitness::Absent,
            Some(release) if release < LEAST_RUST => Fitness::TooOld,
            Some(_) if self.links_wasm() => Fitness::Fit,
            Some(_) => Fitness::NoWasm,
        }
    }

    /// Links a small module. This tests at once that the library exists, that it fits the compiler, and that there is
    /// a linker.
    fn links_wasm(&self) -> bool {
        let folder = env::temp_dir().join(format!("sealift-probe-{}", std::process::id()));
        let mut rustc = self.program("rustc");
        rustc.args([
            "--target",
            WASM,
            "--crate-type",
            "cdylib",
            "--crate-name",
            "probe",
            "--out-dir",
        ]);
        rustc
            .arg(&folder)
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let linked = rustc.spawn().and_then(|mut child| {
            if let Some(mut source) = child.stdin.take() {
                source.write_all(b"pub fn probe() -> Vec<u8> { Vec::new() }")?;
            }
            child.wait()
        });
        // The output is not needed, and the folder may not exist.
        let _gone = std::fs::remove_dir_all(&folder);
        linked.is_ok_and(|status| status.success())
    }
}

enum Fitness {
    Fit,
    NoWasm,
    TooOld,
    Absent,
}

/// Reads the release from a version line, such as (1, 96) from `rustc 1.96.0 (30a34c682 2026-05-25)`.
fn release(version_line: &str) -> Option<(u32, u32)> {
    let mut numbers = version_line.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Finds a toolchain or installs one, and makes it the toolchain of this checkout.
///
/// # Errors
/// Fails if there is none and none can be installed. The error says what to install.
pub(crate) fn ready(workshop: &Workshop) -> Result<Toolchain> {
    need_c_compiler(workshop)?;
    let rustup = programs::find("rustup").is_some();
    let active = if rustup {
        active_name(workshop).map(Toolchain::Rustup)
    } else {
        Some(Toolchain::OnPath)
    };
    let known = [LINKED, RUSTUP_RELEASE]
        .into_iter()
        .filter(|_| rustup)
        .map(|name| Toolchain::Rustup(name.into()));
    let debian = (!rustup).then_some(Toolchain::Debian);
    for candidate in active.into_iter().chain(known).chain(debian) {
        if matches!(candidate.fitness(), Fitness::Fit) {
            return adopt(workshop, candidate);
        }
    }
    let work = timed(workshop, "set up the Rust toolchain", |log| {
        match rustup.then(|| from_rustup(workshop, log)) {
            Some(Ok(toolchain)) => Ok(toolchain),
            Some(Err(error)) => {
                log.note(&format!("rustup failed: {error:#}"))?;
                from_debian(workshop, log, rustup)
            }
            None => from_debian(workshop, log, rustup),
        }
    });
    adopt(workshop, work.result.context(format!(
        "no Rust {}.{} or newer with the target {WASM}; with rustup: `rustup update stable && rustup target add {WASM}`",
        LEAST_RUST.0, LEAST_RUST.1
    ))?)
}

/// Returns the toolchain that a plain cargo uses here. If rustup's proxy started this program, it set the variable.
fn active_name(workshop: &Workshop) -> Option<String> {
    env::var("RUSTUP_TOOLCHAIN").ok().or_else(|| {
        let answer = programs::ask(
            Command::new("rustup")
                .current_dir(&workshop.root)
                .args(["show", "active-toolchain"]),
        )?;
        answer.split_whitespace().next().map(str::to_owned)
    })
}

/// Finds or installs a C compiler, because SQLite and aws-lc are C.
fn need_c_compiler(workshop: &Workshop) -> Result<()> {
    if programs::find("cc").is_some() {
        return Ok(());
    }
    timed(workshop, "set up a C compiler", |log| {
        debian::install(log, &["gcc", "libc6-dev"])
    })
    .result
}

/// Finds or installs a C++ compiler.
pub(crate) fn cpp_ready(workshop: &Workshop) -> Result<()> {
    if programs::find("c++").is_some() {
        return Ok(());
    }
    timed(workshop, "set up a C++ compiler", |log| {
        debian::install(log, &["g++"])
    })
    .result
}

fn from_rustup(workshop: &Workshop, log: &mut Log) -> Result<Toolchain> {
    if let Some(active) = active_name(workshop).map(Toolchain::Rustup)
        && matches!(active.fitness(), Fitness::NoWasm)
        && log
            .run(active.program("rustup").args(["target", "add", WASM]))
            .is_ok()
        && active.links_wasm()
    {
        return Ok(active);
    }
    log.run(
        Command::new("rustup")
            .args([
                "toolchain",
                "install",
                RUSTUP_RELEASE,
                "--profile",
                "minimal",
            ])
            .args([
                "--component",
                "clippy",
                "--component",
                "rustfmt",
                "--target",
                WASM,
            ]),
    )?;
    let installed = Toolchain::Rustup(RUSTUP_RELEASE.into());
    match installed.fitness() {
        Fitness::Fit => Ok(installed),
        _ => bail!("rustup's {RUSTUP_RELEASE} cannot link for {WASM}"),
    }
}

fn from_debian(workshop: &Workshop, log: &mut Log, rustup: bool) -> Result<Toolchain> {
    let compiler = [
        "rustc-web",
        "cargo-web",
        "rust-web-src",
        "rust-web-clippy",
        "rustfmt-web",
    ];
    debian::install(log, &compiler)?;
    // Rustup has a linker of its own. An older Debian has no lld-19.
    if !rustup && debian::install(log, &["lld-19"]).is_err() {
        debian::install(log, &["lld"])?;
    }
    wasm_std::install(workshop, log)?;
    let toolchain = if rustup {
        log.run(Command::new("rustup").args(["toolchain", "link", LINKED, "/usr"]))?;
        Toolchain::Rustup(LINKED.into())
    } else {
        Toolchain::Debian
    };
    match toolchain.fitness() {
        Fitness::Fit => Ok(toolchain),
        Fitness::NoWasm => bail!("Debian's compiler cannot link for {WASM}"),
        Fitness::TooOld => bail!("Debian's rustc-web is too old"),
        Fitness::Absent => bail!("Debian's rustc-web did not start"),
    }
}

/// Makes plain cargo, trunk and wasm-pack use this toolchain in the checkout, too.
fn adopt(workshop: &Workshop, toolchain: Toolchain) -> Result<Toolchain> {
    let Toolchain::Rustup(name) = &toolchain else {
        return Ok(toolchain);
    };
    if active_name(workshop).is_some_and(|active| active == *name) {
        return Ok(toolchain);
    }
    let overridden = programs::ask(
        Command::new("rustup")
            .current_dir(&workshop.root)
            .args(["override", "set", name]),
    );
    if overridden.is_none() {
        bail!("`rustup override set {name}` failed; run it in the checkout's folder to see why");
    }
    terminal::say(&format!(
        "This checkout now uses the toolchain {name} (rustup override set {name})."
    ));
    // The next `cargo xtask` uses that toolchain. Build it now, so that nobody waits for the build later.
    timed(workshop, "build xtask with it", |log| {
        log.run(toolchain.cargo().current_dir(&workshop.root).args([
            "build",
            "--package",
            "sealift-xtask",
        ]))
    })
    .result?;
    Ok(toolchain)
}

/// Finds or installs rustfmt and clippy.
pub(crate) fn lints_ready(workshop: &Workshop, toolchain: &Toolchain) -> Result<()> {
    let present = || {
        ["fmt", "clippy"]
            .iter()
            .all(|name| programs::ask(toolchain.cargo().args([name, "--version"])).is_some())
    };
    if present() {
        return Ok(());
    }
    timed(
        workshop,
        "set up rustfmt and clippy",
        |log| match toolchain {
            Toolchain::Rustup(name) if name != LINKED => log.run(Command::new("rustup").args([
                "component",
                "add",
                "--toolchain",
                name,
                "clippy",
                "rustfmt",
            ])),
            _ => debian::install(log, &["rust-web-clippy", "rustfmt-web"]),
        },
    )
    .result?;
    if !present() {
        bail!("rustfmt or clippy is missing in {toolchain}; install both, then start again");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{LEAST_RUST, release};

    #[test]
    fn a_release_is_read_from_the_version_line() {
        assert_eq!(
            release("rustc 1.96.0 (30a34c682 2026-05-25) (built from a source tarball)"),
            Some((1, 96))
        );
        assert_eq!(release("rustc 2.0.0-nightly"), Some((2, 0)));
        assert_eq!(release("error"), None);
    }

    #[test]
    fn the_least_rust_is_the_one_of_the_workspace() {
        let manifest = include_str!("../../../../Cargo.toml");
        assert!(manifest.contains(&format!(
            "rust-version = \"{}.{}\"",
            LEAST_RUST.0, LEAST_RUST.1
        )));
    }
}

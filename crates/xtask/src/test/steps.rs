//! The steps, in the order in which they tell most soonest.

use super::{Bench, Counts, Step, arrows, fuzz, rooms};
use crate::native;
use crate::page;
use crate::programs;
use crate::setup::Need;
use crate::setup::browser::Browser;
use crate::setup::python::Python;
use crate::setup::tools::Tool;
use crate::timed::Log;
use anyhow::{Result, anyhow, bail};
use std::process::Command;

const WASM: [&str; 4] = [
    "--package",
    "sealift-browser",
    "--target",
    "wasm32-unknown-unknown",
];

pub(super) const STEPS: &[Step] = &[
    check("fmt", "rustfmt", &[Need::Lints], fmt),
    check(
        "rules",
        "dependency arrows, rooms, lengths of files",
        &[],
        rules,
    ),
    check(
        "machete",
        "no unused dependency",
        &[Need::Tool(Tool::Machete)],
        machete,
    ),
    check(
        "deny",
        "licences, sources and bans of dependencies",
        &[Need::Tool(Tool::Deny)],
        deny,
    ),
    check("clippy", "lints, native", &[Need::Lints], clippy),
    check(
        "clippy-wasm",
        "lints, for the browser",
        &[Need::Lints],
        clippy_wasm,
    ),
    check("doc", "rustdoc with private items", &[], doc),
    check("page", "the upload page and its size", &[], page),
    tests(
        "native",
        "unit and integration tests",
        &[Need::Python],
        native_tests,
    ),
    tests(
        "backends",
        "the message format with either backend and with both",
        &[],
        backends,
    ),
    tests("xtask", "this program's own tests", &[], xtask),
    tests(
        "wasm",
        "the browser crate in headless Chromium",
        &[
            Need::Browser,
            Need::Tool(Tool::WasmBindgen),
            Need::Tool(Tool::WasmPack),
        ],
        wasm,
    ),
    check(
        "trunk",
        "trunk builds the same page",
        &[Need::Tool(Tool::Trunk)],
        trunk,
    ),
    Step {
        after: &["page"],
        ..tests(
            "stories",
            "users' stories: Chromium, moto's KMS, S3, official readers",
            &[Need::Browser, Need::Python],
            stories,
        )
    },
    Step {
        full: true,
        after: &["page"],
        ..tests(
            "long-stories",
            "stories that take minutes: a file over 4 GiB",
            &[Need::Browser, Need::Python],
            long_stories,
        )
    },
    Step {
        full: true,
        ..check(
            "fuzz",
            "every fuzz target for ten seconds",
            &[Need::CppCompiler],
            fuzz::run,
        )
    },
];

const fn check(
    name: &'static str,
    about: &'static str,
    needs: &'static [Need],
    run: fn(&Bench<'_>, &mut Log) -> Result<()>,
) -> Step {
    Step {
        name,
        about,
        needs,
        after: &[],
        full: false,
        counts: Counts::OneCheck,
        run,
    }
}

const fn tests(
    name: &'static str,
    about: &'static str,
    needs: &'static [Need],
    run: fn(&Bench<'_>, &mut Log) -> Result<()>,
) -> Step {
    Step {
        name,
        about,
        needs,
        after: &[],
        full: false,
        counts: Counts::Tests,
        run,
    }
}

impl Bench<'_> {
    fn cargo(&self) -> Command {
        native::plain_cargo(self.workshop, self.toolchain)
    }

    fn native(&self, subcommand: &str) -> Command {
        native::cargo(self.workshop, self.toolchain, subcommand)
    }
}

fn fmt(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut cargo = bench.cargo();
    cargo.args(["fmt", "--all"]);
    if !bench.fix {
        cargo.arg("--check");
    }
    log.run(&mut cargo)
}

fn rules(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut faults = Vec::new();
    arrows::check(bench, log, &mut faults)?;
    rooms::check(bench, &mut faults)?;
    for fault in &faults {
        log.note(fault)?;
    }
    match faults.len() {
        0 => Ok(()),
        count => bail!("{count} rules are broken"),
    }
}

fn machete(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut machete = bench
        .toolchain
        .program(Tool::Machete.program(bench.workshop)?);
    log.run(
        machete
            .current_dir(&bench.workshop.root)
            .args(["crates", "tests"]),
    )
}

fn deny(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut deny = bench.toolchain.program(Tool::Deny.program(bench.workshop)?);
    // Not `advisories`: their database comes from a git server, and this run must not depend on one.
    log.run(
        deny.current_dir(&bench.workshop.root)
            .args(["check", "bans", "licenses", "sources"]),
    )
}

fn clippy(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    lint(bench, log, bench.native("clippy"))?;
    let mut xtask = bench.cargo();
    xtask.args(["clippy", "--package", "sealift-xtask"]);
    lint(bench, log, xtask)
}

fn clippy_wasm(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut cargo = bench.cargo();
    cargo.arg("clippy").args(WASM);
    lint(bench, log, cargo)
}

fn lint(bench: &Bench<'_>, log: &mut Log, mut cargo: Command) -> Result<()> {
    cargo.arg("--all-targets");
    if bench.fix {
        cargo.args(["--fix", "--allow-dirty", "--allow-staged"]);
    }
    log.run(cargo.args(["--", "-D", "warnings"]))
}

fn doc(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut wasm = bench.cargo();
    wasm.arg("doc").args(WASM);
    for mut cargo in [bench.native("doc"), wasm] {
        log.run(
            cargo
                // Private items are part of these pages, so links to them lead somewhere.
                .env(
                    "RUSTDOCFLAGS",
                    "-D warnings -A rustdoc::private-intra-doc-links",
                )
                .args(["--no-deps", "--document-private-items"]),
        )?;
    }
    Ok(())
}

fn page(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    page::build(
        bench.workshop,
        bench.toolchain,
        &page::default_dist(bench.workshop),
        log,
    )
    .map(drop)
}

fn native_tests(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let python = python(bench)?;
    log.run(
        bench
            .native("test")
            .args(["--exclude", "sealift-tests", "--no-fail-fast"])
            .envs(NO_AWS)
            .env("SEALIFT_TEST_MOTO", python.moto_server),
    )
}

fn python(bench: &Bench<'_>) -> Result<Python> {
    Python::find(bench.workshop).ok_or_else(|| anyhow!("moto was here a moment ago"))
}

/// What moto's KMS takes, and what no AWS endpoint does: a test that strays there is refused.
const NO_AWS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "testing"),
    ("AWS_SECRET_ACCESS_KEY", "testing"),
    ("AWS_REGION", "eu-central-1"),
];

fn backends(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    for features in ["aes-gcm", "aes-gcm,aws-lc-rs"] {
        let mut cargo = bench.cargo();
        cargo.args([
            "test",
            "--package",
            "sealift-message",
            "--no-default-features",
            "--features",
            features,
        ]);
        log.run(cargo.arg("--no-fail-fast"))?;
    }
    Ok(())
}

fn xtask(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    log.run(bench.cargo().args(["test", "--package", "sealift-xtask"]))
}

fn wasm(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let browser = Browser::find().ok_or_else(|| anyhow!("Chromium was here a moment ago"))?;
    let mut wasm_pack = bench
        .toolchain
        .program(Tool::WasmPack.program(bench.workshop)?);
    programs::with_path(&mut wasm_pack, [Tool::WasmBindgen.folder(bench.workshop)?]);
    wasm_pack
        .current_dir(&bench.workshop.root)
        .env("CARGO_TARGET_DIR", &bench.workshop.target);
    wasm_pack.args([
        "test",
        "--headless",
        "--chrome",
        "--mode",
        "no-install",
        "--chromedriver",
    ]);
    log.run(wasm_pack.arg(browser.driver).arg("crates/browser"))
}

fn trunk(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut trunk = bench
        .toolchain
        .program(Tool::Trunk.program(bench.workshop)?);
    trunk
        .current_dir(&bench.workshop.root)
        .env("CARGO_TARGET_DIR", &bench.workshop.target);
    log.run(trunk.arg("build"))
}

fn stories(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    log.run(&mut all_stories(bench)?)
}

fn long_stories(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    log.run(all_stories(bench)?.args(["--", "--ignored"]))
}

fn all_stories(bench: &Bench<'_>) -> Result<Command> {
    let browser = Browser::find().ok_or_else(|| anyhow!("Chromium was here a moment ago"))?;
    let python = python(bench)?;
    let mut cargo = bench.cargo();
    cargo
        .args(["test", "--package", "sealift-tests", "--no-fail-fast"])
        .env("SEALIFT_TEST_CHROMIUM", browser.chromium)
        .env("SEALIFT_TEST_CHROMEDRIVER", browser.driver)
        .envs(NO_AWS)
        .env("SEALIFT_TEST_MOTO", python.moto_server)
        .env("SEALIFT_TEST_SDK_PYTHON", python.sdk_python)
        .env("SEALIFT_TEST_CLI", python.encryption_cli)
        .env("SEALIFT_TEST_PAGE_DIR", page::default_dist(bench.workshop));
    Ok(cargo)
}

//! The steps of `cargo xtask test`. The steps that fail most usefully and soonest come first.

use super::{Bench, Counts, Step, arrows, circles, comments, fuzz, rooms, wasm, web};
use crate::faults;
use crate::native;
use crate::page;
use crate::setup::Need;
use crate::setup::environment;
use crate::setup::tools::Tool;
use crate::timed::Log;
use anyhow::{Result, bail};
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
        "dependency arrows, rooms, circles, file lengths, comments, citations",
        &[],
        rules,
    ),
    tests(
        "web",
        "the pages' scripts: Biome, TypeScript, and tests on Node.js",
        &[Need::WebTools],
        web::check,
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
    check(
        "page",
        "the pages, their size, and the types of their module",
        &[],
        page,
    ),
    tests(
        "native",
        "unit and integration tests",
        &[Need::Python, Need::Tool(Tool::Garage), Need::Curl],
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
            Need::Chromium,
            Need::Tool(Tool::WasmBindgen),
            Need::Tool(Tool::WasmPack),
        ],
        wasm::in_chromium,
    ),
    tests(
        "wasm-firefox",
        "the browser crate in headless Firefox",
        &[
            Need::Firefox,
            Need::Tool(Tool::Geckodriver),
            Need::Tool(Tool::WasmBindgen),
            Need::Tool(Tool::WasmPack),
        ],
        wasm::in_firefox,
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
            "users' stories: browsers, stores, moto's KMS, official readers",
            STAGE,
            stories,
        )
    },
    check(
        "faults",
        "forty uploads while everything fails and the server is killed",
        &[Need::Python],
        short_faults,
    ),
    Step {
        full: true,
        after: &["page"],
        ..tests(
            "long-stories",
            "every story in every browser on every store, and those that take minutes",
            STAGE,
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

/// The parts that stories need.
const STAGE: &[Need] = &[
    Need::Chromium,
    Need::Firefox,
    Need::Tool(Tool::Geckodriver),
    Need::Tool(Tool::Garage),
    Need::Python,
    Need::Node,
    Need::Curl,
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
    circles::check(bench, log, &mut faults)?;
    comments::check(bench, log, &mut faults)?;
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
    // `advisories` is left out, because its database comes from a git server, on which this run must not depend.
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
                // These pages include private items, so links to them are not broken.
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
    )?;
    web::check_module_types(bench)
}

fn native_tests(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut cargo = bench.native("test");
    if bench.fix {
        // The test of the pages' types then writes them.
        cargo.env("SEALIFT_TEST_FIX", "1");
    }
    log.run(
        cargo
            .args(["--exclude", "sealift-tests", "--no-fail-fast"])
            .envs(environment::for_tests(bench.workshop)?),
    )
}

fn backends(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    for features in ["aes-gcm", "aes-gcm,aws-lc-rs", "legacy-suites"] {
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
    let mut stories = all_stories(bench, log)?;
    log.run(&mut stories)
}

fn long_stories(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let mut stories = all_stories(bench, log)?;
    log.run(stories.args(["--", "--ignored"]))
}

fn short_faults(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    faults::build(bench.workshop, bench.toolchain, log)?;
    let mut run = faults::command(bench.workshop, bench.toolchain)?;
    log.run(run.args(["--uploads", "40"]))
}

/// Returns the command that runs all stories. It first builds the program itself, which some stories start.
fn all_stories(bench: &Bench<'_>, log: &mut Log) -> Result<Command> {
    log.run(bench.native("build").args(["--bin", "sealift"]))?;
    let mut cargo = bench.cargo();
    cargo
        .args(["test", "--package", "sealift-tests", "--no-fail-fast"])
        .envs(environment::for_tests(bench.workshop)?);
    Ok(cargo)
}

//! Runs the browser crate's own tests in each browser.

use super::Bench;
use crate::programs;
use crate::setup::browser::Chromium;
use crate::setup::tools::Tool;
use crate::timed::Log;
use anyhow::{Result, anyhow};
use std::path::PathBuf;

pub(super) fn in_chromium(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let chromium = Chromium::find().ok_or_else(|| anyhow!("Chromium was here a moment ago"))?;
    wasm_pack(bench, log, ["--chrome", "--chromedriver"], chromium.driver)
}

pub(super) fn in_firefox(bench: &Bench<'_>, log: &mut Log) -> Result<()> {
    let driver = Tool::Geckodriver.program(bench.workshop)?;
    wasm_pack(bench, log, ["--firefox", "--geckodriver"], driver)
}

fn wasm_pack(bench: &Bench<'_>, log: &mut Log, browser: [&str; 2], driver: PathBuf) -> Result<()> {
    let mut wasm_pack = bench
        .toolchain
        .program(Tool::WasmPack.program(bench.workshop)?);
    programs::with_path(&mut wasm_pack, [Tool::WasmBindgen.folder(bench.workshop)?]);
    wasm_pack
        .current_dir(&bench.workshop.root)
        .env("CARGO_TARGET_DIR", &bench.workshop.target)
        // Seconds for all tests of a program together. The default is 20, but unoptimised code takes longer in Firefox.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .args(["test", "--headless", "--mode", "no-install"])
        .args(browser)
        .arg(driver);
    log.run(wasm_pack.arg("crates/browser"))
}

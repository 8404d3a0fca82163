//! Makes a module that a page can import from the compiler's wasm file.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::time::SystemTime;
use wasm_bindgen_cli_support::Bindgen;

/// The name of the module's files.
pub(crate) const NAME: &str = "sealift_browser";

/// Binds `wasm` into `room`, unless the module there is newer than both `wasm` and this program.
pub(crate) fn bind(wasm: &Path, room: &Path) -> Result<()> {
    let bound = room.join(format!("{NAME}_bg.wasm"));
    let this_program = std::env::current_exe().context("cannot find this program")?;
    if changed(&bound).is_ok_and(|bound| {
        [wasm, &this_program]
            .iter()
            .all(|input| changed(input).is_ok_and(|at| at < bound))
    }) {
        return Ok(());
    }
    if room.exists() {
        fs::remove_dir_all(room)?;
    }
    Bindgen::new()
        .input_path(wasm)
        .out_name(NAME)
        .web(true)?
        .omit_default_module_path(false)
        .typescript(false)
        .generate(room)
}

fn changed(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

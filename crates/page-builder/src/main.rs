//! Builds the folder of pages to serve: `sealift-page-builder MODULE WEB ROOM DIST`.
//!
//! MODULE is the wasm file that cargo built. WEB is the folder of the pages' own files. ROOM is a folder that keeps the
//! bound module, so that an unchanged module is not bound again. DIST is the folder to serve. The last line of output
//! says how much each page loads.

mod bundle;
mod compress;
mod layout;
mod module;
mod parts;
mod rooms;
mod size;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// The scripts of the pages and of their workers.
const BUNDLES: [&str; 6] = [
    "upload/page.js",
    "upload/worker.js",
    "upload/seal-worker.js",
    "files/files-page.js",
    "file/file-page.js",
    "file/open-worker.js",
];

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [wasm, web, room, dist] = arguments.as_slice() else {
        bail!(
            "give four paths: the wasm module, the web folder, a folder to work in, the folder to serve"
        );
    };
    module::bind(wasm, room).with_context(|| format!("cannot bind {}", wasm.display()))?;
    let mut files = rooms::gather(web, room)?;
    parts::put_in(&mut files)?;
    bundle::bundle(&mut files, &BUNDLES)?;
    let mut files = rooms::leave(files)?;
    bundle::shorten(&mut files, &format!("{}.js", module::NAME))?;
    compress::compress(&mut files)?;
    let size = size::of(&files)?;
    layout::lay_out(&files, dist).with_context(|| format!("cannot lay out {}", dist.display()))?;
    print_line(&format!("The pages in {}: {size}.", dist.display()));
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "its one line of output, for whoever called it"
)]
fn print_line(line: &str) {
    println!("{line}");
}

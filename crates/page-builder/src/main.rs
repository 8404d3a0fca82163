//! Lays the pages out: `sealift-page-builder MODULE WEB ROOM DIST`.
//!
//! MODULE is the wasm file that cargo built, WEB the pages' own files, ROOM a folder to keep the bound module in, so that
//! an unchanged module is not bound again, and DIST the folder to serve. The last line it prints says how much each page
//! loads.

mod bundle;
mod compress;
mod layout;
mod module;
mod parts;
mod size;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// One script a page.
const BUNDLES: [&str; 3] = ["page.js", "files-page.js", "file-page.js"];

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [wasm, web, room, dist] = arguments.as_slice() else {
        bail!(
            "it takes four paths: the wasm module, the web folder, a folder to work in, the folder to serve"
        );
    };
    module::bind(wasm, room).with_context(|| format!("cannot bind {}", wasm.display()))?;
    let mut files = layout::gather(&[web, room])?;
    parts::put_in(&mut files)?;
    bundle::bundle(&mut files, &BUNDLES)?;
    let glue = format!("{}.js", module::NAME);
    bundle::shorten(&mut files, &glue).with_context(|| format!("cannot shorten {glue}"))?;
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

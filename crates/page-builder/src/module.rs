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
        .typescript(true)
        // These sections are for debuggers, and a part of every first load.
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(room)?;
    let types = room.join(format!("{NAME}.d.ts"));
    let all = fs::read_to_string(&types)?;
    fs::write(&types, shortened(&all)?)?;
    Ok(())
}

/// Removes from the module's types the comments, which are in the Rust source, and the list of raw exports, which no
/// script uses and whose names differ from compiler to compiler. The checkout has the same text (`web/module`).
fn shortened(types: &str) -> Result<String> {
    const BEGIN: &str = "export interface InitOutput {\n";
    let (before, rest) = types
        .split_once(BEGIN)
        .context("no InitOutput in the types")?;
    let (_, after) = rest.split_once("}\n").context("InitOutput has no end")?;
    let mut short = String::new();
    let mut in_comment = false;
    for line in [before, BEGIN, "}\n", after]
        .iter()
        .flat_map(|text| text.lines())
    {
        in_comment |= line.trim_start().starts_with("/*");
        if !in_comment {
            short.push_str(line);
            short.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    Ok(short)
}

fn changed(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn only_comments_and_raw_exports_are_removed_from_the_types() {
        let types = "/* a */\nclass A {\n    /**\n     * b\n     */\n    b(): void;\n}\nexport interface InitOutput {\n    readonly a: 1;\n}\n\nclass B {}\n";
        let short =
            "class A {\n    b(): void;\n}\nexport interface InitOutput {\n}\n\nclass B {}\n";
        assert_eq!(shortened(types).unwrap(), short);
        assert!(shortened("class A {}\n").is_err());
    }
}

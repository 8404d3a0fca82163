//! The rooms of the web folder: one for what several pages share, and one for each page. The served folder has no rooms,
//! because the addresses of its files are public (docs/PAGE.md), and `/files/ID` is the address of a file's page.

use crate::bundle::Files;
use crate::layout::files_below;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The room of what several pages share.
pub(crate) const COMMON: &str = "common";
/// The room of the wasm module.
pub(crate) const MODULE: &str = "module";

const OF_PAGES: [&str; 3] = ["upload", "files", "file"];

/// The endings of files that a page may load. The rooms also hold types, which only checks read.
const SERVED: [&str; 5] = ["css", "html", "js", "svg", "wasm"];

/// Reads the files that pages may load, by their room and name: those of `web`, and those of the bound module in the
/// folder `module`. Everything else in `web`, such as tests and settings, is left out.
///
/// # Errors
/// Fails if a file cannot be read.
pub(crate) fn gather(web: &Path, module: &Path) -> Result<Files> {
    let rooms = OF_PAGES.iter().chain([&COMMON]);
    let folders = rooms.map(|room| (*room, web.join(room)));
    let mut files = Files::new();
    for (room, folder) in folders.chain([(MODULE, module.to_path_buf())]) {
        for (name, path) in files_below(&folder)? {
            if !is_served(&name) {
                continue;
            }
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.insert(Path::new(room).join(name), bytes);
        }
    }
    Ok(files)
}

/// Takes the files out of their rooms.
///
/// # Errors
/// Fails if two rooms have a file of the same name.
pub(crate) fn leave(files: Files) -> Result<Files> {
    let mut served = Files::new();
    for (path, bytes) in files {
        if let Some(other) = served.insert(without_room(&path), bytes) {
            bail!(
                "another room has the file {}, too, with {} bytes",
                path.display(),
                other.len()
            );
        }
    }
    Ok(served)
}

/// Returns the name under which a file is served.
pub(crate) fn without_room(path: &Path) -> PathBuf {
    path.components().skip(1).collect()
}

fn is_served(name: &Path) -> bool {
    let extension = name.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| SERVED.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::{gather, leave};
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_page_gets_its_rooms_and_the_module_but_no_tests_types_and_settings() {
        let folder = tempfile::tempdir().unwrap();
        let (web, module) = (folder.path().join("web"), folder.path().join("bound"));
        for path in [
            web.join("common/icons/a.svg"),
            web.join("common/types.d.ts"),
            web.join("upload/page.js"),
            web.join("files/files.html"),
            web.join("file/.hidden.js"),
            web.join("tests/queue.test.js"),
            web.join("node_modules/a.js"),
            web.join("package.json"),
            module.join("m.js"),
            module.join("m.d.ts"),
        ] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let files = leave(gather(&web, &module).unwrap()).unwrap();
        let names: Vec<_> = files.keys().map(|name| name.to_str().unwrap()).collect();
        assert_eq!(names, ["files.html", "icons/a.svg", "m.js", "page.js"]);
    }

    #[test]
    fn two_files_of_one_name_are_refused() {
        let in_rooms = ["common/a.js", "file/a.js"].map(|name| (Path::new(name).into(), vec![]));
        assert!(leave(in_rooms.into()).is_err());
    }
}

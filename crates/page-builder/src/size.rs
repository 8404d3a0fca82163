//! Measures how much the first visit of each page loads.

use crate::bundle::Files;
use crate::compress::{BROTLI, beside};
use crate::module;
use anyhow::{Result, bail, ensure};
use std::collections::BTreeSet;
use std::path::Path;

/// The most compressed bytes that the first load of a page may have: a goal of the design.
const MOST_COMPRESSED_BYTES: u64 = 200 * 1024;

/// The files that every page loads.
const EVERY_PAGE: [&str; 3] = ["common.css", "icons/sealift.svg", "icons/states.svg"];

/// Each page, with the files that only it loads.
const PAGES: [(&str, &[&str]); 3] = [
    (
        "index.html",
        &[
            "upload.css",
            "start.js",
            "page.js",
            "worker.js",
            "seal-worker.js",
            "icons/upload.svg",
        ],
    ),
    (
        "files.html",
        &["files.css", "start-files.js", "files-page.js"],
    ),
    (
        "file.html",
        &[
            "file.css",
            "start-file.js",
            "file-page.js",
            "open-worker.js",
        ],
    ),
];

/// Measures the pages and returns one line about them.
///
/// # Errors
/// Fails if a page is larger than a first load may be, or if a file belongs to no page.
pub(crate) fn of(files: &Files) -> Result<String> {
    let mut loaded = BTreeSet::new();
    let mut figures = Vec::new();
    let with_module = [
        format!("{}.js", module::NAME),
        format!("{}_bg.wasm", module::NAME),
    ];
    for (page, own) in PAGES {
        let mut names = vec![page];
        names.extend(EVERY_PAGE);
        names.extend(own);
        if own.iter().any(|name| name.ends_with("worker.js")) {
            names.extend(with_module.iter().map(String::as_str));
        }
        let mut compressed_bytes = 0;
        for name in &names {
            compressed_bytes += travelling_bytes(files, name)?;
        }
        let kib = compressed_bytes.div_ceil(1024);
        if compressed_bytes > MOST_COMPRESSED_BYTES {
            bail!(
                "{page} loads {kib} KiB compressed, {} bytes more than the {} KiB that are allowed",
                compressed_bytes - MOST_COMPRESSED_BYTES,
                MOST_COMPRESSED_BYTES / 1024
            );
        }
        figures.push(format!("{page} {kib} KiB"));
        loaded.extend(names.into_iter().map(|name| Path::new(name).to_owned()));
    }
    let is_compressed =
        |name: &Path| files.contains_key(&name.with_extension("")) && !loaded.contains(name);
    let of_none: Vec<_> = files
        .keys()
        .filter(|name| !loaded.contains(*name) && !is_compressed(name))
        .collect();
    ensure!(of_none.is_empty(), "no page loads these: {of_none:?}");
    Ok(format!("a first visit loads {}", figures.join(", ")))
}

fn travelling_bytes(files: &Files, name: &str) -> Result<u64> {
    let name = Path::new(name);
    let travels = files.get(&beside(name, BROTLI)).or_else(|| files.get(name));
    let Some(bytes) = travels else {
        bail!("there is no {}", name.display());
    };
    Ok(u64::try_from(bytes.len())?)
}

#[cfg(test)]
mod tests {
    use super::{EVERY_PAGE, MOST_COMPRESSED_BYTES, PAGES, of};
    use crate::bundle::Files;
    use crate::module;

    fn whole() -> Files {
        let own = PAGES
            .iter()
            .flat_map(|(page, own)| own.iter().chain([page]));
        let mut files: Files = own
            .chain(EVERY_PAGE.iter())
            .map(|name| (name.into(), vec![0; 1024]))
            .collect();
        files.insert(format!("{}.js", module::NAME).into(), vec![0; 1024]);
        files.insert(format!("{}_bg.wasm", module::NAME).into(), vec![0; 1024]);
        files
    }

    #[test]
    fn each_page_is_measured_as_it_travels() {
        let mut files = whole();
        files.insert("page.js.br".into(), vec![0; 100]);
        let line = of(&files).unwrap();
        assert!(line.contains("index.html 12 KiB"), "{line}");
    }

    #[test]
    fn a_page_that_is_too_large_and_a_file_of_no_page_are_refused() {
        let mut files = whole();
        let too_many = usize::try_from(MOST_COMPRESSED_BYTES).unwrap();
        files.insert("file-page.js".into(), vec![0; too_many]);
        assert!(of(&files).is_err());
        let mut files = whole();
        files.insert("forgotten.js".into(), vec![0; 1]);
        assert!(of(&files).is_err());
    }
}

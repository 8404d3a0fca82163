//! Writes the folder to serve: exactly the page's files, and nothing of an earlier page.

use crate::bundle::Files;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Makes `dist` hold `files` and nothing else. Files that are right already are not touched. The others are replaced
/// whole, so that a running server never sees half a file.
///
/// # Errors
/// Fails if a file cannot be written.
pub(crate) fn lay_out(files: &Files, dist: &Path) -> Result<()> {
    fs::create_dir_all(dist)?;
    for (name, path) in files_below(dist)? {
        if !files.contains_key(&name) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    for (name, bytes) in files {
        put(bytes, &dist.join(name))?;
    }
    Ok(())
}

fn put(bytes: &[u8], place: &Path) -> Result<()> {
    if fs::read(place).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = place.with_extension("fresh");
    fs::write(&fresh, bytes)?;
    fs::rename(&fresh, place).with_context(|| format!("cannot write {}", place.display()))
}

/// Returns every file below `folder`, by its name relative to the folder. Hidden files are not part of a page.
pub(crate) fn files_below(folder: &Path) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in
            fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?
        {
            let path = entry?.path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if hidden {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder)?.to_path_buf(), path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::lay_out;
    use crate::bundle::Files;
    use std::fs;

    #[test]
    fn the_folder_holds_the_files_and_nothing_of_an_earlier_page() {
        let room = tempfile::tempdir().unwrap();
        let dist = room.path().join("dist");
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join("old.js"), "x").unwrap();
        let files = Files::from([
            ("icons/a.svg".into(), b"a".to_vec()),
            ("m.js".into(), b"m".to_vec()),
        ]);
        lay_out(&files, &dist).unwrap();
        assert_eq!(fs::read(dist.join("icons/a.svg")).unwrap(), b"a");
        assert_eq!(fs::read(dist.join("m.js")).unwrap(), b"m");
        assert!(!dist.join("old.js").exists());
    }
}

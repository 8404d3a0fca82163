//! The folder in which a demo keeps everything.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// The folder of a demo. Data and keys have a subfolder each, because a key file may not be in the data folder that
/// it protects.
pub(super) struct DemoFolder {
    path: PathBuf,
    /// Locked while the demo runs, so that no other demo uses or empties the folder.
    _mark: fs::File,
}

const DATA: &str = "data";
const KEYS: &str = "keys";
/// Marks a folder whose content a demo made and may delete.
const MARK: &str = "made-by-sealift-demo";

/// Returns the data folder and the key file of a demo if `folder` is a demo's. People know only that one folder, so
/// they give it in place of the data folder.
pub(in crate::commands) fn deployment_in(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let is_a_demos = folder.join(MARK).is_file();
    is_a_demos.then(|| (folder.join(DATA), key_file(folder)))
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join(KEYS).join("sealift.key")
}

impl DemoFolder {
    /// Makes the folder or uses it again.
    ///
    /// # Errors
    /// Fails if the folder holds files that no demo made, or if another demo uses it.
    pub(super) fn at(path: &Path) -> anyhow::Result<Self> {
        let unusable = || format!("the folder {} cannot be used", path.display());
        if !path.join(MARK).is_file() {
            fs::create_dir_all(path).with_context(unusable)?;
            if fs::read_dir(path).with_context(unusable)?.next().is_some() {
                bail!(
                    "the folder {} holds files that no demo made; choose an empty one with --data",
                    path.display()
                );
            }
            let why = "`sealift demo --fresh` deletes the data beside this file.\n";
            fs::write(path.join(MARK), why).with_context(unusable)?;
        }
        let mark = fs::File::open(path.join(MARK)).with_context(unusable)?;
        if let Err(fs::TryLockError::WouldBlock) = mark.try_lock() {
            bail!(
                "another demo uses the folder {}; stop it, or choose another folder with --data",
                path.display()
            );
        }
        Ok(Self {
            path: path.to_owned(),
            _mark: mark,
        })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join(DATA)
    }

    pub(super) fn key_file(&self) -> PathBuf {
        key_file(&self.path)
    }

    /// Deletes the data and the keys, and nothing else in the folder.
    pub(super) fn empty(&self) -> anyhow::Result<()> {
        for part in [DATA, KEYS] {
            match fs::remove_dir_all(self.path.join(part)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| {
                        format!("the old data in {} cannot be deleted", self.path.display())
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_somebodys_files_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(DATA)).unwrap();
        assert!(DemoFolder::at(folder.path()).is_err());
        assert!(folder.path().join(DATA).is_dir());
    }

    #[test]
    fn beginning_empty_drops_data_and_keys_only() {
        let folder = tempfile::tempdir().unwrap();
        let demo = DemoFolder::at(folder.path()).unwrap();
        for part in [DATA, KEYS, "notes"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        demo.empty().unwrap();
        demo.empty().unwrap();
        assert!(!folder.path().join(DATA).exists());
        assert!(!folder.path().join(KEYS).exists());
        assert!(folder.path().join("notes").is_dir());
        assert!(DemoFolder::at(folder.path()).is_err(), "it is in use");
        drop(demo);
        DemoFolder::at(folder.path()).unwrap();
    }
}

//! Decides what happens if the file that a download would make exists already.

use std::path::{Path, PathBuf};

use super::DownloadError;

/// What a download does if its file exists already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IfExists {
    /// Fails with [`DownloadError::Exists`], before the download starts if possible.
    #[default]
    Refuse,
    /// Replaces a file or a link. Fails with [`DownloadError::NotAFile`] for anything else.
    Replace,
    /// Gives the download the first free name of [`numbered`].
    Number,
}

/// The highest number that is tried. After that the person must choose a name.
const MOST_NUMBER: u32 = 9_999;

/// Returns the path and then numbered ones beside it: `photo (1).jpg`, `photo (2).jpg` and so on.
pub fn numbered(path: &Path) -> impl Iterator<Item = PathBuf> {
    let stem = path.file_stem().unwrap_or_default();
    let others = (1..=MOST_NUMBER).map(move |number| {
        let mut name = stem.to_owned();
        name.push(format!(" ({number})"));
        if let Some(ending) = path.extension() {
            name.push(".");
            name.push(ending);
        }
        path.with_file_name(name)
    });
    core::iter::once(path.to_owned()).chain(others)
}

impl IfExists {
    /// Checks a path before anything is fetched for it.
    ///
    /// # Errors
    /// Returns [`DownloadError::NotAFile`] if the path names something that is neither a file nor a
    /// link, and [`DownloadError::Exists`] if it must not be replaced.
    pub fn check(self, path: &Path) -> Result<(), DownloadError> {
        let Ok(there) = path.symlink_metadata() else {
            return Ok(());
        };
        let path = path.to_owned();
        match self {
            Self::Number => Ok(()),
            // The download would take the name of a device, a pipe or a folder.
            _ if !there.is_file() && !there.is_symlink() => Err(DownloadError::NotAFile { path }),
            Self::Refuse => Err(DownloadError::Exists { path }),
            Self::Replace => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_name_gets_a_number_before_its_ending() {
        for (name, first) in [
            ("a.tar.gz", "a.tar (1).gz"),
            (".hidden", ".hidden (1)"),
            ("a", "a (1)"),
            ("a.", "a (1)."),
        ] {
            let path = Path::new("folder").join(name);
            let mut names = numbered(&path);
            assert_eq!(names.next(), Some(path.clone()));
            assert_eq!(names.next(), Some(Path::new("folder").join(first)));
            assert_eq!(names.count(), 9_998);
        }
    }
}

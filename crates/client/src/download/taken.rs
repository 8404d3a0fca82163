//! Names that something else has already.

use std::path::{Path, PathBuf};

use super::DownloadError;

/// What becomes of something else that has the name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Taken {
    /// It stays, and that is [`DownloadError::Exists`], found before the start if possible.
    #[default]
    Refused,
    /// It goes, where it is a file or a link; otherwise that is [`DownloadError::NotAFile`].
    Replaced,
    /// It stays, and the download gets the first name that is free ([`numbered`]).
    Numbered,
}

/// Taken names that are passed over before somebody has to choose.
const MOST_NUMBER: u32 = 9_999;

/// The path, and then others beside it: `photo (1).jpg`, `photo (2).jpg` and so on.
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

impl Taken {
    /// Refuses a path before anything is fetched for it.
    ///
    /// # Errors
    /// [`DownloadError::Exists`] and [`DownloadError::NotAFile`].
    pub fn may_have(self, path: &Path) -> Result<(), DownloadError> {
        let Ok(there) = path.symlink_metadata() else {
            return Ok(());
        };
        let path = path.to_owned();
        match self {
            Self::Numbered => Ok(()),
            // Its name would be taken from a device, a pipe or a folder.
            _ if !there.is_file() && !there.is_symlink() => Err(DownloadError::NotAFile { path }),
            Self::Refused => Err(DownloadError::Exists { path }),
            Self::Replaced => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_a_number_before_its_ending() {
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

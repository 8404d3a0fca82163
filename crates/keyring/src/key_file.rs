//! The key file: the `local` keyring's secret, under which every KEK row is sealed.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::{Kek, KekRow, KeyringError, derive::KeyBytes, random};

mod keep;

/// What a row says of its wrapper, where that is the key file.
const LOCAL: &str = "local";

/// No pepper: the key file lies apart from the rows already.
const NO_PEPPER: &[u8] = b"";
const NO_PEPPER_VERSION: u32 = 0;

/// 32 random bytes in a file that only its owner may read. Whoever has it and the database reads
/// everything; without it nothing opens again. Wiped when dropped, never printed, not cloned.
pub struct KeyFile(KeyBytes);

impl KeyFile {
    /// Reads the file, or makes it, readable for its owner only, where there is none; the folders on
    /// the way likewise. It is never written over, and of two that make it at once both get the
    /// same. When this returns the file is durable.
    ///
    /// Where rows exist already use [`KeyFile::load`]: a new file would open none of them.
    ///
    /// # Errors
    /// [`KeyFileError`]; what stands there is refused where others may read or write it and where it
    /// does not have 32 bytes.
    pub fn load_or_make(path: &Path) -> Result<Self, KeyFileError> {
        at(path, keep::load_or_make(path))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// As [`KeyFile::load_or_make`], and [`KeyFileProblem::Missing`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        at(path, keep::load(path))
    }

    /// A new random KEK and its row. The caller stores the row before the KEK is used, and where the
    /// database has that version already drops both and opens the row that it has.
    ///
    /// # Errors
    /// [`KeyringError::VersionZero`], [`KeyringError::Random`], [`KeyringError::Backend`].
    pub fn make_kek(&self, tenant: &str, version: u32) -> Result<(KekRow, Kek), KeyringError> {
        let row = KekRow {
            tenant: tenant.to_owned(),
            version,
            pepper_version: NO_PEPPER_VERSION,
            wrapped_by: LOCAL.to_owned(),
            iv: random::iv()?,
            sealed: Vec::new(),
        };
        row.seal(&self.0, NO_PEPPER, random::key()?)
    }

    /// Opens a row.
    ///
    /// # Errors
    /// [`KeyringError::OtherWrapper`] for a row that is not `local`; [`KeyringError::Unauthentic`]
    /// for another key file's row and for an altered one.
    pub fn open_kek(&self, row: &KekRow) -> Result<Kek, KeyringError> {
        if row.wrapped_by != LOCAL {
            return Err(KeyringError::OtherWrapper {
                wrapped_by: row.wrapped_by.clone(),
            });
        }
        row.open(&self.0, NO_PEPPER)
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile(..)")
    }
}

/// Why there is no key from the key file.
#[derive(Debug, thiserror::Error)]
#[error("the key file {}: {problem}", path.display())]
pub struct KeyFileError {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: KeyFileProblem,
}

/// What is wrong with a key file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileProblem {
    /// It is not there, and must be.
    #[error("it is missing; put it back, for what was sealed under it opens with no other")]
    Missing,
    /// Others than its owner have rights.
    #[error("others may read or write it; take their rights away (chmod 600)")]
    OthersMayRead,
    /// Too long or too short.
    #[error("a key file has 32 bytes, this one has not; put the right file back")]
    Length,
    /// A folder, a pipe or a device.
    #[error("it is not a regular file; name one")]
    NotAFile,
    /// The system gave no randomness.
    #[error("the system gives no random bytes")]
    Random,
    /// The system said no.
    #[error("it cannot be read or made: {0}")]
    Io(std::io::Error),
}

fn at(path: &Path, kept: Result<KeyBytes, KeyFileProblem>) -> Result<KeyFile, KeyFileError> {
    kept.map(KeyFile).map_err(|problem| KeyFileError {
        path: path.to_owned(),
        problem,
    })
}

#[cfg(test)]
mod tests;

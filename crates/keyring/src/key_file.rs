//! The key file holds the secret of the `local` keyring. Every KEK row is sealed under it.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::{Kek, KekRow, KeyringError, derive::KeyBytes, random};

mod keep;

/// The value of a row's `wrapped_by` if the key file wraps it.
pub(crate) const LOCAL: &str = "local";

/// No pepper is needed, because the key file is already stored apart from the rows.
const NO_PEPPER: &[u8] = b"";
const NO_PEPPER_VERSION: u32 = 0;

/// 32 random bytes in a file that only its owner may read; wiped when dropped, never printed and not cloned.
/// With this file and the database one can read everything. Without the file nothing opens again.
pub struct KeyFile(KeyBytes);

impl KeyFile {
    /// Reads the file, or makes it if there is none. The file and the folders that it needs are made for
    /// their owner only. An existing file is never overwritten; if two processes make it at once, both get
    /// the same key. The file is durable when this returns.
    ///
    /// If rows exist already, use [`KeyFile::load`] instead, because a new file would open none of them.
    ///
    /// # Errors
    /// Fails if the file cannot be read or made, if other users may read or write it, or if it does not have
    /// 32 bytes.
    pub fn load_or_make(path: &Path) -> Result<Self, KeyFileError> {
        at(path, keep::load_or_make(path))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Fails like [`KeyFile::load_or_make`], and with [`KeyFileProblem::Missing`] if there is no file.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        at(path, keep::load(path))
    }

    /// Makes a new random KEK and its row. The caller must store the row before it uses the KEK. If the
    /// database already has this version, the caller drops both and opens the stored row instead.
    ///
    /// # Errors
    /// Fails with [`KeyringError::VersionZero`] if `version` is 0, with [`KeyringError::Random`] if the
    /// system gives no random bytes, and with [`KeyringError::Backend`] if the AEAD backend fails.
    pub fn make_kek(&self, tenant: &str, version: u32) -> Result<(KekRow, Kek), KeyringError> {
        self.seal_kek(tenant, version, random::key()?)
    }

    pub(crate) fn seal_kek(
        &self,
        tenant: &str,
        version: u32,
        kek: KeyBytes,
    ) -> Result<(KekRow, Kek), KeyringError> {
        let row = KekRow {
            tenant: tenant.to_owned(),
            version,
            pepper_version: NO_PEPPER_VERSION,
            wrapped_by: LOCAL.to_owned(),
            wrapping_key_blob: None,
            iv: random::iv()?,
            sealed: Vec::new(),
        };
        row.seal(&self.0, NO_PEPPER, kek)
    }

    /// Opens the KEK in a row.
    ///
    /// # Errors
    /// Returns [`KeyringError::OtherWrapper`] if the row is not `local`, and [`KeyringError::Unauthentic`] if
    /// it belongs to another key file or was altered.
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

/// Says why the key file gave no key.
#[derive(Debug, thiserror::Error)]
#[error("the key file {}: {problem}", path.display())]
pub struct KeyFileError {
    /// The path of the file.
    pub path: PathBuf,
    /// The problem with it.
    pub problem: KeyFileProblem,
}

/// The problems that a key file can have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileProblem {
    /// The file does not exist, and [`KeyFile::load`] does not make one.
    #[error("it is missing; put it back, because nothing else opens what was sealed under it")]
    Missing,
    /// Other users than its owner have permissions on the file.
    #[error("other users may read or write it; remove their permissions (chmod 600)")]
    OthersMayRead,
    /// The file is too long or too short.
    #[error("it does not have the 32 bytes of a key file; put the right file back")]
    Length,
    /// The path is a folder, a pipe or a device.
    #[error("it is not a regular file; give the path of one")]
    NotAFile,
    /// The operating system returned no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
    /// The operating system refused to read or make the file.
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

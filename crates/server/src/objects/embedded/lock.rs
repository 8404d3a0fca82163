//! The lock on the folder of an embedded store. Two stores must not write to one folder, because s3s-fs gives the
//! temporary files of both the same names, and removes them when it starts. A command that needs the store of a running
//! server finds its address here.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
};

/// The name of the file in the store's folder. It stays, empty, when the store has stopped; only its lock counts.
const NAME: &str = ".served-at";

/// The right to serve a folder. It ends with this value, or with its process.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock and writes the address of the store for other processes. Returns `None` if another store has it.
    pub(super) fn take(folder: &Path, address: SocketAddr) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(folder.join(NAME))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut lock = Self(file);
        // A process that was killed left its address behind.
        lock.0.set_len(0)?;
        lock.0.write_all(address.to_string().as_bytes())?;
        Ok(Some(lock))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nobody may take this address for the next store's. If this fails, that store overwrites it.
        let _ = self.0.set_len(0);
    }
}

/// Returns the address that the store of this folder has written. Call it after the lock was refused. Returns `None` if
/// that store just starts or stops.
///
/// # Errors
/// Fails if the file cannot be read.
pub(crate) fn served_at(folder: &Path) -> io::Result<Option<SocketAddr>> {
    let address = std::fs::read_to_string(folder.join(NAME))?;
    Ok(address.parse().ok())
}

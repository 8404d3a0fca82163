//! The lock on the folder of an embedded store. Two stores must not write to one folder, because s3s-fs gives the
//! temporary files of both the same names, and removes them when it starts. A command that needs the store of a running
//! server finds its address here.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    path::Path,
};

/// The name of the file in the store's folder. It stays when the store has stopped; only its lock counts.
const NAME: &str = ".served-at";

/// The right to serve a folder. It ends with this value, or with its process.
#[derive(Debug)]
pub(super) struct Lock(
    #[expect(dead_code, reason = "the file is locked as long as it is open")] File,
);

impl Lock {
    /// Takes the lock and writes the address of the store for other processes. Returns `None` if another store has it.
    pub(super) fn take(folder: &Path, address: SocketAddr) -> io::Result<Option<Self>> {
        let Some(mut file) = free(folder)? else {
            return Ok(None);
        };
        file.set_len(0)?;
        file.write_all(address.to_string().as_bytes())?;
        Ok(Some(Self(file)))
    }
}

/// Returns the address of the store that serves the folder now, if there is one.
///
/// # Errors
/// Fails if the file cannot be used, or if the store has not written its address yet.
pub(crate) fn served_at(folder: &Path) -> io::Result<Option<SocketAddr>> {
    if free(folder)?.is_some() {
        return Ok(None);
    }
    let mut address = String::new();
    File::open(folder.join(NAME))?.read_to_string(&mut address)?;
    let address = address.parse().map_err(io::Error::other)?;
    Ok(Some(address))
}

/// Returns the locked file, or `None` if another store has locked it.
fn free(folder: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(folder.join(NAME))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

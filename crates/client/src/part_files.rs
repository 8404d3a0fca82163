//! Keeps large parts in files, so that memory is bounded whatever the size of a part. The files have no names,
//! so that the system deletes them as soon as they are dropped or this process ends, even by a crash. Only
//! this process can read them.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most sealed bytes of a part that is kept in memory, unless a program sets another limit. Only files of
/// over 668 GB have larger parts.
const LARGEST_IN_MEMORY: u64 = 64 * 1024 * 1024;
/// The most files at once, over all uploads of a client: two are sealed while two are sent. The parts of the
/// largest file that a store accepts, 5 TiB, then need 2 GiB of the disk.
const MOST_FILES: usize = 4;

/// The files of a client. Clones share the limit.
#[derive(Debug, Clone)]
pub(crate) struct PartFiles {
    /// The folder for the files, or `None` for the system's folder for temporary files.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) largest_in_memory: u64,
    free: Arc<Semaphore>,
}

/// The sealed bytes of a part on disk. Dropping this deletes them.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: Mutex<File>,
    len: u64,
    /// Whether the bytes could not be read back.
    is_lost: AtomicBool,
    _permit: Permit,
}

/// A file while a part is sealed into it.
pub(crate) struct NewPartFile {
    file: File,
    len: u64,
    permit: Permit,
}

/// The permit for one file. It is `None` only if the semaphore is closed, and no code closes it.
type Permit = Option<OwnedSemaphorePermit>;

impl Default for PartFiles {
    fn default() -> Self {
        Self {
            folder: None,
            largest_in_memory: LARGEST_IN_MEMORY,
            free: Arc::new(Semaphore::new(MOST_FILES)),
        }
    }
}

impl PartFiles {
    /// Returns whether a part of that many sealed bytes is kept in a file.
    pub(crate) fn are_for(&self, sealed_len: u64) -> bool {
        sealed_len > self.largest_in_memory
    }

    /// Waits until another file is allowed: first come, first served.
    pub(crate) async fn acquire(&self) -> Permit {
        self.free.clone().acquire_owned().await.ok()
    }

    /// Makes an empty file. Blocks.
    ///
    /// # Errors
    /// Returns the system's error if the folder takes no file.
    pub(crate) fn create(&self, permit: Permit) -> io::Result<NewPartFile> {
        let file = match &self.folder {
            Some(folder) => tempfile::tempfile_in(folder)?,
            None => tempfile::tempfile()?,
        };
        Ok(NewPartFile {
            file,
            len: 0,
            permit,
        })
    }
}

impl NewPartFile {
    /// Returns the file for reading, after the last write.
    pub(crate) fn finish(self) -> PartFile {
        PartFile {
            file: Mutex::new(self.file),
            len: self.len,
            is_lost: AtomicBool::new(false),
            _permit: self.permit,
        }
    }
}

impl Write for NewPartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.file.write(bytes)?;
        self.len = self
            .len
            .saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl PartFile {
    /// Returns the length of the part in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether the bytes could not be read back, so that sending them again would not help.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// Reads `len` bytes from `start` on. Blocks.
    ///
    /// # Errors
    /// Returns the system's error if the file does not have these bytes.
    pub(crate) fn read_at(&self, start: u64, len: usize) -> io::Result<Bytes> {
        let mut piece = vec![0; len];
        // An attempt that was given up may still read while the next one begins.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file
            .seek(SeekFrom::Start(start))
            .and_then(|_| file.read_exact(&mut piece));
        if read.is_err() {
            self.is_lost.store(true, Ordering::Relaxed);
        }
        read.map(|()| piece.into())
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn the_number_of_files_is_bounded_and_a_file_has_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let files = PartFiles {
            folder: Some(folder.path().to_owned()),
            ..PartFiles::default()
        };
        let file = || {
            let permit = files.acquire().now_or_never()?;
            let mut file = files.create(permit).unwrap();
            file.write_all(b"sealed").unwrap();
            Some(file.finish())
        };
        let mut held: Vec<_> = core::iter::from_fn(file).collect();
        assert_eq!(held.len(), MOST_FILES);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(&held[0].read_at(2, 3).unwrap()[..], b"ale");
        held.pop();
        assert!(file().is_some());
    }

    #[test]
    fn bytes_that_cannot_be_read_back_are_lost() {
        let files = PartFiles::default();
        let permit = files.acquire().now_or_never().unwrap();
        let mut file = files.create(permit).unwrap();
        file.write_all(b"sealed").unwrap();
        let file = file.finish();
        file.file.lock().unwrap().set_len(3).unwrap();
        file.read_at(0, 3).unwrap();
        assert!(!file.is_lost());
        file.read_at(0, 6).unwrap_err();
        assert!(file.is_lost());
    }
}

//! Where plaintext comes from.

mod spool;
mod stream;

use std::{
    fs::{File, Metadata},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;

pub use spool::SealedSpool;
pub use stream::StreamSource;

/// Plaintext that can be read anywhere, more than once, and is always the same: two plaintexts
/// under one key would betray both (FORMAT.md R2).
pub trait Source: Send + Sync + 'static {
    /// Bytes in all.
    fn plaintext_len(&self) -> u64;

    /// When it was last changed, in milliseconds since the Unix epoch.
    fn last_modified_ms(&self) -> Option<i64> {
        None
    }

    /// Fills `plaintext` with what begins at `start`. May block.
    ///
    /// # Errors
    /// [`SourceError`]; what is in `plaintext` is useless then.
    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError>;
}

/// Why a source cannot be sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It is no longer what was opened.
    #[error("the file was changed while it was sent; begin again when it stays as it is")]
    Changed,
    /// A folder, a pipe or a device: nothing that has a size.
    #[error("this is not a file; choose a file")]
    NotAFile,
    /// It cannot be opened or read.
    #[error("the file cannot be read; check that it is still there and that you may read it")]
    Unreadable(#[from] io::Error),
    /// A stream that ends too early.
    #[error(
        "the input ended after {got_bytes} of {expected_bytes} bytes; give its exact size, or none"
    )]
    Shorter {
        /// What came.
        got_bytes: u64,
        /// What was to come.
        expected_bytes: u64,
    },
    /// A stream that does not end where it should.
    #[error("the input goes on after {expected_bytes} bytes; give its exact size, or none")]
    Longer {
        /// What was to come.
        expected_bytes: u64,
    },
    /// A stream would have to be read again.
    #[error("the input can be read only once; put it into a file and begin again")]
    ReadOnce,
    /// There is no spool, or it cannot be read back as it was written.
    #[error(
        "the input cannot be spooled; check the room for temporary files, or give its exact size"
    )]
    Spool(#[source] io::Error),
}

/// A file on disk. Size and modification time are compared after every read with what was opened.
#[derive(Debug)]
pub struct FileSource {
    file: Mutex<File>,
    opened: Version,
}

/// What tells one state of a file from another.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    len: u64,
    modified: SystemTime,
}

impl FileSource {
    /// Opens it for reading.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(SourceError::NotAFile);
        }
        Ok(Self {
            opened: Version::of(&metadata)?,
            file: Mutex::new(file),
        })
    }
}

impl Version {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        Ok(Self {
            len: metadata.len(),
            modified: metadata.modified()?,
        })
    }
}

impl Source for FileSource {
    fn plaintext_len(&self) -> u64 {
        self.opened.len
    }

    fn last_modified_ms(&self) -> Option<i64> {
        let since = self.opened.modified.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok()
    }

    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError> {
        // One reader at a time: reading is far quicker than the sealing that follows.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        let read = file.read_exact(plaintext);
        // After the read: a change before or during it shows. Before its result: a file that was
        // cut is changed, not unreadable.
        if Version::of(&file.metadata()?)? != self.opened {
            return Err(SourceError::Changed);
        }
        Ok(read?)
    }
}

impl Source for Bytes {
    fn plaintext_len(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }

    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError> {
        let piece = usize::try_from(start)
            .ok()
            .and_then(|start| self.get(start..start.checked_add(plaintext.len())?))
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        plaintext.copy_from_slice(piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, time::Duration};

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, FileSource) {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), content).unwrap();
        let source = FileSource::open(file.path()).unwrap();
        (file, source)
    }

    fn read(source: &impl Source, start: u64, len: usize) -> Result<Vec<u8>, SourceError> {
        let mut plaintext = vec![0; len];
        source.read_at(start, &mut plaintext).map(|()| plaintext)
    }

    #[test]
    fn any_piece_is_read_in_any_order() {
        let (_file, source) = file(b"0123456789");
        assert_eq!(source.plaintext_len(), 10);
        assert_eq!(read(&source, 7, 3).unwrap(), b"789");
        assert_eq!(read(&source, 0, 2).unwrap(), b"01");
        let bytes = Bytes::from_static(b"0123456789");
        assert_eq!(read(&bytes, 7, 3).unwrap(), b"789");
        assert!(read(&bytes, 8, 3).is_err());
    }

    #[test]
    fn a_file_that_was_cut_or_extended_is_refused() {
        for content in [b"0123".as_slice(), b"0123456789a"] {
            let (file, source) = file(b"0123456789");
            fs::write(file.path(), content).unwrap();
            assert!(matches!(read(&source, 0, 10), Err(SourceError::Changed)));
        }
    }

    #[test]
    fn a_file_that_was_written_again_with_the_same_size_is_refused() {
        let (file, source) = file(b"0123456789");
        let later = source.opened.modified + Duration::from_millis(1);
        let again = File::options().write(true).open(file.path()).unwrap();
        again.set_modified(later).unwrap();
        assert!(matches!(read(&source, 0, 10), Err(SourceError::Changed)));
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let refused = FileSource::open(folder.path()).unwrap_err();
        assert!(matches!(refused, SourceError::NotAFile));
    }
}

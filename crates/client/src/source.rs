//! Sources of plaintext: files, bytes in memory, pipes and spools. The part sealer reads them.

mod file;
mod spool;
mod stream;

use std::io;

use bytes::Bytes;

pub use file::{FileSource, open_regular_file};
pub use spool::SealedSpool;
pub use stream::StreamSource;

/// Plaintext that can be read from any position, more than once. It must always be the same, because
/// two plaintexts under one key would reveal both (docs/FORMAT.md, R2).
pub trait Source: Send + Sync + 'static {
    /// Returns the length of the plaintext in bytes.
    fn plaintext_len(&self) -> u64;

    /// Returns the time of the last change, in milliseconds since the Unix epoch; less than zero before
    /// it.
    fn last_modified_ms(&self) -> Option<i64> {
        None
    }

    /// Fills `plaintext` with the bytes that begin at `start`. May block.
    ///
    /// # Errors
    /// Returns a [`SourceError`] if the bytes cannot be read. The content of `plaintext` is not usable
    /// then.
    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError>;
}

/// Why a source cannot be read for sealing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file is no longer as it was when it was opened.
    #[error("the file changed while it was being sent; start again when it no longer changes")]
    Changed,
    /// The path names a folder, a pipe or a device, which have no size.
    #[error("this is not a file; choose a file")]
    NotAFile,
    /// The file has more or fewer bytes than the file system says. This happens in `/proc`, `/sys` and
    /// some network and FUSE file systems. A [`SealedSpool`] can read such files.
    #[error(
        "the file does not have the {claimed_bytes} bytes that its file system says; send it through \
         a pipe"
    )]
    OtherSize {
        /// The size that the file system says.
        claimed_bytes: u64,
    },
    /// The file or the input cannot be opened or read.
    #[error("the file cannot be read; check that it is still there and that you may read it")]
    Unreadable(#[from] io::Error),
    /// The stream ended too early.
    #[error(
        "the input ended after {got_bytes} of {expected_bytes} bytes; give its exact size, or none"
    )]
    Shorter {
        /// Bytes that were read.
        got_bytes: u64,
        /// Bytes that were expected.
        expected_bytes: u64,
    },
    /// The stream did not end where it should.
    #[error("the input goes on after {expected_bytes} bytes; give its exact size, or none")]
    Longer {
        /// Bytes that were expected.
        expected_bytes: u64,
    },
    /// The stream would have to be read a second time.
    #[error("the input can be read only once; put it into a file and start again")]
    ReadOnce,
    /// The spool cannot be written, or cannot be read back as it was written.
    #[error(
        "the input cannot be spooled; check the space for temporary files, or give its exact size"
    )]
    Spool(#[source] io::Error),
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

    #[test]
    fn any_piece_of_bytes_is_read_and_none_beyond_them() {
        let bytes = Bytes::from_static(b"0123456789");
        let mut plaintext = [0; 3];
        bytes.read_at(7, &mut plaintext).unwrap();
        assert_eq!(&plaintext, b"789");
        assert!(bytes.read_at(8, &mut plaintext).is_err());
    }
}

//! Where plaintext comes from.

mod file;
mod spool;
mod stream;

use std::io;

use bytes::Bytes;

pub use file::{FileSource, open_regular_file};
pub use spool::SealedSpool;
pub use stream::StreamSource;

/// Plaintext that can be read anywhere, more than once, and is always the same: two plaintexts
/// under one key would betray both (FORMAT.md R2).
pub trait Source: Send + Sync + 'static {
    /// Bytes in all.
    fn plaintext_len(&self) -> u64;

    /// When it was last changed, in milliseconds since the Unix epoch; less than zero before it.
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
    /// Its bytes are more or fewer than the file system says. Files of `/proc`, `/sys` and some
    /// network and FUSE file systems are like that. A [`SealedSpool`] takes them.
    #[error(
        "the file does not have the {claimed_bytes} bytes that its file system says; send it through \
         a pipe"
    )]
    OtherSize {
        /// The size that the file system says.
        claimed_bytes: u64,
    },
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

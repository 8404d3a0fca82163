//! Plaintext whose size is not known before its end. It is sealed on its way to disk, under a key that
//! never leaves memory, and decrypted again piece by piece.

use core::fmt;
use std::{
    fs::File,
    io::{self, BufWriter, Read, Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::{Mutex, PoisonError},
};

use sealift_message::{
    DataKey, EncryptedDataKey, EncryptionContext, FrameLength, Header, HeaderBuilder, MessageId,
    RangeDecryptor, StreamSealer,
};
use zeroize::Zeroizing;

use super::{Source, SourceError};

/// A whole input on disk, sealed. The file has no name, and the key is wiped when this is dropped.
pub struct SealedSpool {
    decryptor: RangeDecryptor,
    plaintext_len: u64,
    reading: Mutex<Reading>,
}

struct Reading {
    file: File,
    sealed: Vec<u8>,
    opened: Zeroizing<Vec<u8>>,
}

impl SealedSpool {
    /// Reads `input` to its end and seals it into a file without a name in `folder`. Blocks. Calls
    /// `progress` with the number of bytes read so far.
    ///
    /// # Errors
    /// Returns [`SourceError::Unreadable`] if the input cannot be read, and [`SourceError::Spool`] if
    /// the file cannot be written.
    pub fn make(
        mut input: impl Read,
        folder: &Path,
        mut progress: impl FnMut(u64),
    ) -> Result<Self, SourceError> {
        let data_key = data_key()?;
        let header = header(&data_key)?;
        let frame_len = usize::try_from(FRAME_LENGTH.get()).map_err(no_spool)?;
        let verified = header.verify(&data_key).map_err(no_spool)?;
        let mut sealer = StreamSealer::new(verified).map_err(no_spool)?;

        let mut spool = BufWriter::new(tempfile::tempfile_in(folder).map_err(SourceError::Spool)?);
        let write = |spool: &mut BufWriter<File>, sealed: &[u8]| {
            spool.write_all(sealed).map_err(SourceError::Spool)
        };
        write(&mut spool, header.as_bytes())?;
        let mut frame = Zeroizing::new(vec![0; frame_len]);
        let mut sealed = Vec::new();
        let mut plaintext_len = 0_u64;
        let layout = loop {
            let len = fill(&mut input, &mut frame)?;
            plaintext_len = plaintext_len.saturating_add(len_of(len));
            progress(plaintext_len);
            sealed.clear();
            if len == frame_len {
                sealer.push(&frame, &mut sealed).map_err(no_spool)?;
                write(&mut spool, &sealed)?;
            } else {
                let rest = frame.get(..len).unwrap_or_default();
                let layout = sealer.finish(rest, &mut sealed).map_err(no_spool)?;
                write(&mut spool, &sealed)?;
                break layout;
            }
        };

        let file = spool
            .into_inner()
            .map_err(|error| SourceError::Spool(error.into_error()))?;
        let verified = header.verify(&data_key).map_err(no_spool)?;
        let decryptor = RangeDecryptor::new(verified, layout.sealed_len()).map_err(no_spool)?;
        Ok(Self {
            decryptor,
            plaintext_len: layout.plaintext_len(),
            reading: Mutex::new(Reading {
                file,
                sealed: Vec::new(),
                opened: Zeroizing::default(),
            }),
        })
    }
}

impl Source for SealedSpool {
    fn plaintext_len(&self) -> u64 {
        self.plaintext_len
    }

    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError> {
        if plaintext.is_empty() {
            return Ok(());
        }
        let end = start.saturating_add(len_of(plaintext.len()));
        let opener = self.decryptor.plan(start..end).map_err(no_spool)?;
        let range = opener.sealed_range();
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let Reading {
            file,
            sealed,
            opened,
        } = &mut *reading;
        let len = range.end.saturating_sub(range.start);
        sealed.resize(usize::try_from(len).map_err(no_spool)?, 0);
        file.seek(SeekFrom::Start(range.start))
            .and_then(|_| file.read_exact(sealed))
            .map_err(SourceError::Spool)?;
        opener.open_at_once(sealed, opened).map_err(no_spool)?;
        plaintext.copy_from_slice(opened.get(..plaintext.len()).ok_or_else(too_long)?);
        Ok(())
    }
}

impl fmt::Debug for SealedSpool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedSpool({} bytes, ..)", self.plaintext_len)
    }
}

/// The frame length of the spool, which equals the usual frame length of uploads.
const FRAME_LENGTH: FrameLength = FrameLength::DEFAULT;

/// Makes a random data key for one message. It is never written to disk.
fn data_key() -> Result<DataKey, SourceError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(no_spool)?;
    DataKey::try_from(bytes.as_slice()).map_err(no_spool)
}

fn header(data_key: &DataKey) -> Result<Header, SourceError> {
    let mut message_id = [0; 32];
    getrandom::fill(&mut message_id).map_err(no_spool)?;
    // A message needs an encrypted data key, but nobody ever opens this one.
    let nowhere = EncryptedDataKey::new("sealift-spool", b"memory", b"none").map_err(no_spool)?;
    HeaderBuilder::new(
        MessageId::from_bytes(message_id),
        EncryptionContext::default(),
        nowhere,
        FRAME_LENGTH,
    )
    .authenticate(data_key)
    .map_err(no_spool)
}

/// Reads until the buffer is full or the input ends. Returns the number of bytes read.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> Result<usize, SourceError> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match input.read(room) {
            Ok(0) => break,
            Ok(len) => filled = filled.saturating_add(len),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(SourceError::Unreadable(error)),
        }
    }
    Ok(filled)
}

fn no_spool(cause: impl core::error::Error + Send + Sync + 'static) -> SourceError {
    SourceError::Spool(io::Error::other(cause))
}

fn too_long() -> SourceError {
    SourceError::Spool(io::ErrorKind::FileTooLarge.into())
}

fn len_of(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: usize = 256 * 1024;

    fn plaintext(len: usize) -> Vec<u8> {
        (0_u32..).flat_map(u32::to_be_bytes).take(len).collect()
    }

    fn spool(plaintext: &[u8]) -> SealedSpool {
        let folder = tempfile::tempdir().unwrap();
        let mut came = 0;
        let spool = SealedSpool::make(plaintext, folder.path(), |len| came = len).unwrap();
        assert_eq!(came, len_of(plaintext.len()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        spool
    }

    #[test]
    fn what_was_spooled_is_read_anywhere() {
        for len in [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 2 * FRAME + 5] {
            let plaintext = plaintext(len);
            let spool = spool(&plaintext);
            assert_eq!(spool.plaintext_len(), len_of(len));
            for piece in [0..len, len / 2..len, 0..len.min(FRAME + 3), len..len] {
                let mut read = vec![0; piece.len()];
                spool.read_at(len_of(piece.start), &mut read).unwrap();
                assert!(read == plaintext[piece.clone()], "{piece:?} of {len}");
            }
        }
    }

    #[test]
    fn the_disk_has_no_plaintext_and_an_altered_spool_is_not_read() {
        let plaintext = plaintext(FRAME + 5);
        let spool = spool(&plaintext);
        let mut on_disk = Vec::new();
        {
            let mut reading = spool.reading.lock().unwrap();
            reading.file.rewind().unwrap();
            reading.file.read_to_end(&mut on_disk).unwrap();
            let seen = on_disk.windows(16).any(|piece| piece == &plaintext[..16]);
            assert!(!seen);
            let len = reading.file.metadata().unwrap().len();
            reading.file.seek(SeekFrom::Start(len / 2)).unwrap();
            reading.file.write_all(b"altered").unwrap();
        }
        let mut read = vec![0; FRAME];
        let altered = spool.read_at(0, &mut read).unwrap_err();
        assert!(matches!(altered, SourceError::Spool(_)), "{altered:?}");
        assert!(!read.starts_with(&plaintext[..16]));
    }
}

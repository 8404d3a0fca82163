//! Plaintext that can be read only once, from start to end: a pipe.

use std::{
    io::{self, Read},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use super::{Source, SourceError};

/// A stream whose size is known before. Parts are sealed several at a time, so the read of a piece
/// waits here until the pieces before it were read. Bytes that were read are gone, so an upload from a
/// stream cannot be resumed.
#[derive(Debug)]
pub struct StreamSource<R> {
    plaintext_len: u64,
    reading: Mutex<Reading<R>>,
    moved: Condvar,
}

#[derive(Debug)]
struct Reading<R> {
    input: R,
    /// The position of the input, in bytes from its start.
    at: u64,
    /// Whether a read failed, so that nothing more can be read.
    is_broken: bool,
}

impl<R: Read + Send + 'static> StreamSource<R> {
    /// Makes a source of exactly `plaintext_len` bytes.
    ///
    /// # Errors
    /// For a length of 0, returns a [`SourceError`] if the input has bytes or cannot be read.
    pub fn new(input: R, plaintext_len: u64) -> Result<Self, SourceError> {
        let mut reading = Reading {
            input,
            at: 0,
            is_broken: false,
        };
        if plaintext_len == 0 {
            reading.expect_end(0)?;
        }
        Ok(Self {
            plaintext_len,
            reading: Mutex::new(reading),
            moved: Condvar::new(),
        })
    }

    fn reading(&self) -> MutexGuard<'_, Reading<R>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Read + Send + 'static> Source for StreamSource<R> {
    fn plaintext_len(&self) -> u64 {
        self.plaintext_len
    }

    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError> {
        let mut reading = self.reading();
        while reading.at < start && !reading.is_broken {
            let waited = self.moved.wait(reading);
            reading = waited.unwrap_or_else(PoisonError::into_inner);
        }
        if reading.is_broken || reading.at > start {
            return Err(SourceError::ReadOnce);
        }
        if plaintext.is_empty() {
            // This is an empty final frame. The input has already ended and is not read again, because
            // a terminal would give new input.
            return Ok(());
        }
        let read = reading.read(plaintext, self.plaintext_len);
        reading.is_broken = read.is_err();
        drop(reading);
        self.moved.notify_all();
        read
    }
}

impl<R: Read> Reading<R> {
    fn read(&mut self, mut plaintext: &mut [u8], expected_bytes: u64) -> Result<(), SourceError> {
        while !plaintext.is_empty() {
            let len = match self.input.read(plaintext) {
                Ok(0) => {
                    let got_bytes = self.at;
                    return Err(SourceError::Shorter {
                        got_bytes,
                        expected_bytes,
                    });
                }
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(SourceError::Unreadable(error)),
            };
            plaintext = plaintext.get_mut(len..).unwrap_or_default();
            let len = u64::try_from(len).unwrap_or(u64::MAX);
            self.at = self.at.saturating_add(len);
        }
        match self.at == expected_bytes {
            true => self.expect_end(expected_bytes),
            false => Ok(()),
        }
    }

    /// Checks that the input has ended. This runs before the last part is sealed, so that a longer
    /// input never becomes a shorter file.
    fn expect_end(&mut self, expected_bytes: u64) -> Result<(), SourceError> {
        let mut more = [0];
        loop {
            return match self.input.read(&mut more) {
                Ok(0) => Ok(()),
                Ok(_) => Err(SourceError::Longer { expected_bytes }),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(SourceError::Unreadable(error)),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;

    fn source(len: u64) -> StreamSource<&'static [u8]> {
        StreamSource::new(b"0123456789".as_slice(), len).unwrap()
    }

    fn read(
        source: &StreamSource<&'static [u8]>,
        start: u64,
        len: usize,
    ) -> Result<Vec<u8>, SourceError> {
        let mut plaintext = vec![0; len];
        source.read_at(start, &mut plaintext).map(|()| plaintext)
    }

    #[test]
    fn later_pieces_wait_for_those_before_them() {
        let source = Arc::new(source(10));
        let readers = [6, 3, 0].map(|start| {
            let source = Arc::clone(&source);
            let len = if start == 6 { 4 } else { 3 };
            thread::spawn(move || read(&source, start, len).unwrap())
        });
        let pieces = readers.map(|reader| reader.join().unwrap());
        assert_eq!(pieces, [b"6789".to_vec(), b"345".into(), b"012".into()]);
    }

    #[test]
    fn an_input_of_another_size_fails_before_its_last_piece_is_sealed() {
        read(&source(9), 0, 8).unwrap();
        let longer = read(&source(9), 0, 9).unwrap_err();
        assert!(
            matches!(longer, SourceError::Longer { expected_bytes: 9 }),
            "{longer:?}"
        );
        let shorter = read(&source(11), 0, 11).unwrap_err();
        let SourceError::Shorter {
            got_bytes: 10,
            expected_bytes: 11,
        } = shorter
        else {
            panic!("{shorter:?}");
        };
        assert!(StreamSource::new(b"0".as_slice(), 0).is_err());
        StreamSource::new(b"".as_slice(), 0).unwrap();
    }

    /// An input that can be read again after each end, like a terminal.
    struct Terminal(Vec<&'static [u8]>);

    impl Read for Terminal {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let line = self.0.pop().unwrap_or(b"");
            buffer[..line.len()].copy_from_slice(line);
            Ok(line.len())
        }
    }

    #[test]
    fn an_input_that_has_ended_is_not_read_again_for_an_empty_final_frame() {
        for (lines, len) in [(vec![b"".as_slice(), b"123"], 3), (vec![b"".as_slice()], 0)] {
            let lines = [vec![b"more".as_slice()], lines].concat();
            let source = StreamSource::new(Terminal(lines), len).unwrap();
            let mut plaintext = vec![0; usize::try_from(len).unwrap()];
            source.read_at(0, &mut plaintext).unwrap();
            source.read_at(len, &mut []).unwrap();
        }
    }

    #[test]
    fn what_was_read_is_gone_and_a_failure_wakes_who_waits() {
        let source = source(11);
        read(&source, 0, 3).unwrap();
        assert!(matches!(read(&source, 0, 3), Err(SourceError::ReadOnce)));
        let source = Arc::new(source);
        let waiting = {
            let source = Arc::clone(&source);
            thread::spawn(move || read(&source, 11, 0))
        };
        read(&source, 3, 8).unwrap_err();
        let woken = waiting.join().unwrap();
        assert!(matches!(woken, Err(SourceError::ReadOnce)), "{woken:?}");
    }
}

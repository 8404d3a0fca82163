//! A file on disk as a source. The file system only claims a size, so this module checks it.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Source, SourceError};

/// A file on disk. After every read, its size and modification time are compared with those at the
/// opening.
#[derive(Debug)]
pub struct FileSource {
    file: Mutex<File>,
    opened: Version,
}

/// A state of a file. Two states differ in length or modification time.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    len: u64,
    modified: SystemTime,
}

impl FileSource {
    /// Opens a regular file for reading. To check the size, it reads the last byte and tries to read
    /// one byte past the end.
    ///
    /// # Errors
    /// Returns [`SourceError::OtherSize`] if the size is not the one that the file system says,
    /// [`SourceError::Changed`] if the file changes meanwhile, and the errors of
    /// [`open_regular_file`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let mut file = open_regular_file(path)?;
        let opened = Version::of(&file.metadata()?)?;
        if !has_exactly(&mut file, opened.len)? {
            return Err(opened.wrong_in(&file)?);
        }
        Ok(Self {
            opened,
            file: Mutex::new(file),
        })
    }
}

/// Opens a regular file for reading, without checking its size. Pipes and devices are not opened,
/// because a pipe would wait for its writer and a device may react.
///
/// # Errors
/// Returns [`SourceError::NotAFile`] for anything but a regular file, and [`SourceError::Unreadable`]
/// if the file cannot be opened.
pub fn open_regular_file(path: impl AsRef<Path>) -> Result<File, SourceError> {
    let path = path.as_ref();
    if !fs::metadata(path)?.is_file() {
        return Err(SourceError::NotAFile);
    }
    let file = match without_waiting().open(path) {
        // Another program, such as a file server, holds a lease on the file. It gives the lease up
        // soon, and this second attempt waits for that.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => File::open(path)?,
        opened => opened?,
    };
    // A pipe may have taken the file's place meanwhile.
    if !file.metadata()?.is_file() {
        return Err(SourceError::NotAFile);
    }
    Ok(file)
}

/// Returns options that open a pipe or a device without waiting. For regular files they make no
/// difference, except for a few in `/proc` that would wait for an event.
fn without_waiting() -> OpenOptions {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NONBLOCK | libc::O_NOCTTY,
    );
    options
}

/// Returns whether the file ends exactly after `len` bytes.
fn has_exactly(file: &mut File, len: u64) -> io::Result<bool> {
    file.seek(SeekFrom::Start(len.saturating_sub(1)))?;
    let mut last = Vec::new();
    file.by_ref().take(2).read_to_end(&mut last)?;
    Ok(last.len() == usize::from(len > 0))
}

impl Version {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        Ok(Self {
            len: metadata.len(),
            modified: metadata.modified()?,
        })
    }

    /// Returns the error for a file whose number of bytes differs from this version's.
    fn wrong_in(&self, file: &File) -> io::Result<SourceError> {
        Ok(match Self::of(&file.metadata()?)? == *self {
            true => SourceError::OtherSize {
                claimed_bytes: self.len,
            },
            false => SourceError::Changed,
        })
    }
}

impl Source for FileSource {
    fn plaintext_len(&self) -> u64 {
        self.opened.len
    }

    fn last_modified_ms(&self) -> Option<i64> {
        ms_since_epoch(self.opened.modified)
    }

    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError> {
        // One reader at a time is enough, because reading is far quicker than the sealing that follows.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        let len = u64::try_from(plaintext.len()).unwrap_or(u64::MAX);
        let is_last = start.saturating_add(len) == self.opened.len;
        let read = match file.read_exact(plaintext) {
            Ok(()) if is_last => has_exactly(&mut file, self.opened.len),
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        };
        // The version is compared after the read, to detect a change before or during the read. The
        // result of the read comes after that, because a file that was cut counts as changed and not as
        // unreadable.
        if Version::of(&file.metadata()?)? != self.opened {
            return Err(SourceError::Changed);
        }
        match read? {
            true => Ok(()),
            false => Err(self.opened.wrong_in(&file)?),
        }
    }
}

/// Returns whole milliseconds since the Unix epoch, rounded down on both sides of it, as browsers do
/// for the time of a file. Returns `None` if an `i64` cannot hold the number.
fn ms_since_epoch(time: SystemTime) -> Option<i64> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).ok(),
        Err(before) => {
            let before = before.duration().as_nanos().div_ceil(1_000_000);
            i64::try_from(before).ok()?.checked_neg()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, FileSource) {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), content).unwrap();
        let source = FileSource::open(file.path()).unwrap();
        (file, source)
    }

    fn read(source: &FileSource, start: u64, len: usize) -> Result<Vec<u8>, SourceError> {
        let mut plaintext = vec![0; len];
        source.read_at(start, &mut plaintext).map(|()| plaintext)
    }

    #[test]
    fn times_on_both_sides_of_1970_are_said_in_whole_milliseconds() {
        for (whole, fraction_ns, expected) in [
            (0, 0, 0),
            (0, 999_999, 0),
            (-1, 0, -1000),
            (-1, 999_999_999, -1),
            (-1, 1_500_000, -999),
            (-1, 999_999, -1000),
            (-2_208_988_800, 0, -2_208_988_800_000),
            (4_102_444_800, 123_999_999, 4_102_444_800_123),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let whole_s = Duration::from_secs(i64::unsigned_abs(whole));
            let time = match whole < 0 {
                true => UNIX_EPOCH - whole_s,
                false => UNIX_EPOCH + whole_s,
            };
            let time = time + Duration::from_nanos(fraction_ns);
            file.as_file().set_modified(time).unwrap();
            let source = FileSource::open(file.path()).unwrap();
            // Some file systems keep no fractions, or cannot keep this time.
            let kept = file.path().metadata().unwrap().modified().unwrap();
            if kept == time {
                assert_eq!(source.last_modified_ms(), Some(expected), "{time:?}");
            }
            assert_eq!(ms_since_epoch(time), Some(expected), "{time:?}");
        }
    }

    #[test]
    fn any_piece_is_read_in_any_order() {
        let (_file, source) = file(b"0123456789");
        assert_eq!(source.plaintext_len(), 10);
        assert_eq!(read(&source, 7, 3).unwrap(), b"789");
        assert_eq!(read(&source, 0, 2).unwrap(), b"01");
        assert_eq!(read(&source, 10, 0).unwrap(), b"");
    }

    #[test]
    fn an_empty_file_is_a_file() {
        let (_file, source) = file(b"");
        assert_eq!(source.plaintext_len(), 0);
        assert_eq!(read(&source, 0, 0).unwrap(), b"");
    }

    #[test]
    fn a_file_that_was_cut_or_extended_is_refused() {
        for content in [b"0123".as_slice(), b"0123456789a"] {
            for (start, len) in [(0, 10), (0, 2), (8, 2), (10, 0)] {
                let (file, source) = file(b"0123456789");
                fs::write(file.path(), content).unwrap();
                let read = read(&source, start, len);
                assert!(matches!(read, Err(SourceError::Changed)), "{read:?}");
            }
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

    /// A file with more bytes than its file system says, and one with fewer.
    #[cfg(target_os = "linux")]
    const CLAIMS: [&str; 2] = ["/proc/version", "/sys/class/net/lo/mtu"];

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_says_another_size_than_it_has_is_refused_when_it_is_opened() {
        for path in CLAIMS {
            let said = fs::metadata(path).unwrap().len();
            assert_ne!(
                said,
                u64::try_from(fs::read(path).unwrap().len()).unwrap(),
                "{path}"
            );
            let refused = FileSource::open(path).unwrap_err();
            assert!(
                matches!(refused, SourceError::OtherSize { claimed_bytes } if claimed_bytes == said),
                "{path}: {refused:?}"
            );
        }
    }

    /// The test skips the check at the opening, as if the size had been right then.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_says_another_size_than_it_has_is_refused_when_its_end_is_read() {
        for path in CLAIMS {
            let file = open_regular_file(path).unwrap();
            let opened = Version::of(&file.metadata().unwrap()).unwrap();
            let len = usize::try_from(opened.len).unwrap();
            let source = FileSource {
                opened,
                file: Mutex::new(file),
            };
            let read = read(&source, 0, len);
            assert!(
                matches!(read, Err(SourceError::OtherSize { .. })),
                "{path}: {read:?}"
            );
        }
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let refused = FileSource::open(folder.path()).unwrap_err();
        assert!(matches!(refused, SourceError::NotAFile));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_without_a_wait_for_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let refused = FileSource::open(&pipe).unwrap_err();
        assert!(matches!(refused, SourceError::NotAFile));
        // The pipe may take the place of a file after the check of the path.
        let opened = without_waiting().open(&pipe).unwrap();
        assert!(!opened.metadata().unwrap().is_file());
    }
}

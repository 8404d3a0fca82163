//! The folder of an unfinished download, beside the path of its file. It holds the plaintext so far and
//! a state that says which message it belongs to. Only the system's user can open the folder, so that
//! nobody else can put a link there or read a file that is not yet whole.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use http::HeaderValue;
use sealift_transfer::api::FileId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::{TempDir, TempPath};

use super::{
    DownloadError,
    if_exists::{IfExists, numbered},
};

/// An unfinished download. It is locked until this is dropped.
pub(super) struct Unfinished {
    folder: Folder,
    /// The path of the finished file.
    path: PathBuf,
    file: File,
}

enum Folder {
    /// A folder that stays for a later download: `NAME.FILE_ID.sealift-part`.
    Kept(PathBuf),
    /// A temporary folder that is removed when this is dropped.
    Passing(TempDir),
}

/// The state of an unfinished download: which message it is of, and how much of it is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) file_id: FileId,
    /// The ETag of the message.
    pub(super) etag: String,
    /// Bytes of the whole file.
    pub(super) size: u64,
    /// Plaintext bytes that are on disk even after a power failure.
    pub(super) safe_len: u64,
}

/// The ending of the folder's name.
const ENDING: &str = ".sealift-part";
/// The most bytes of a name on most file systems.
const MOST_NAME_BYTES: usize = 255;
/// Bytes that are hashed at a time.
const READ_BYTES: usize = 1024 * 1024;
const PLAINTEXT: &str = "plaintext";
const STATE: &str = "state.json";
/// The name of a new state file until it is safely on disk.
const NEXT_STATE: &str = "state.next";

impl Unfinished {
    /// Opens or makes the kept folder for a download to `path`, with the bytes that an earlier download
    /// left there.
    pub(super) fn kept(path: &Path, file_id: &FileId) -> Result<Self, DownloadError> {
        Self::kept_in(path, part_path(path, file_id), private_folder)
    }

    /// Does the work of [`Self::kept`] with a folder that `make` makes. If the folder cannot be closed
    /// to others, as on FAT, a temporary folder is used instead.
    pub(super) fn kept_in(
        path: &Path,
        folder: PathBuf,
        make: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<Self, DownloadError> {
        let unwritable = |cause| unwritable(path, cause);
        let is_new = match make(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            made => made.map(|()| true).map_err(unwritable)?,
        };
        match is_ours(&folder).map_err(unwritable)? {
            true => Self::with(path, Folder::Kept(folder)),
            false if is_new => {
                fs::remove_dir(&folder).map_err(unwritable)?;
                Self::passing(path)
            }
            false => Err(DownloadError::NotOurs { path: folder }),
        }
    }

    /// Makes a temporary folder for a download to `path`. Dropping this removes the folder.
    pub(super) fn passing(path: &Path) -> Result<Self, DownloadError> {
        let mut folder = tempfile::Builder::new();
        folder.prefix(".sealift-");
        close_to_others(&mut folder);
        let folder = folder.tempdir_in(parent(path));
        let folder = folder.map_err(|cause| unwritable(path, cause))?;
        Self::with(path, Folder::Passing(folder))
    }

    fn with(path: &Path, folder: Folder) -> Result<Self, DownloadError> {
        let unwritable = |cause| unwritable(path, cause);
        let busy = || DownloadError::Busy {
            path: path.to_owned(),
        };
        let plaintext = folder.path().join(PLAINTEXT);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = for_its_owner(&mut options)
            .open(&plaintext)
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(cause)) => return Err(unwritable(cause)),
        }
        // The download that held the lock until now may have finished and moved this file.
        if !is_still_at(&file, &plaintext) {
            return Err(busy());
        }
        Ok(Self {
            folder,
            path: path.to_owned(),
            file,
        })
    }

    /// Returns the state that an earlier download of this file left, with the hash of its bytes.
    pub(super) fn earlier(&mut self, file_id: &FileId) -> io::Result<Option<(State, Sha256)>> {
        let Ok(state) = fs::read(self.folder.path().join(STATE)) else {
            return Ok(None);
        };
        // An unreadable state comes from a crash or from another version, and is ignored.
        let Some(mut state) = serde_json::from_slice::<State>(&state)
            .ok()
            .filter(|state| state.file_id == *file_id)
            .filter(|state| HeaderValue::from_str(&state.etag).is_ok())
        else {
            return Ok(None);
        };
        // At least one byte must be left to ask for, because only the server knows whether the file is
        // still the same.
        let most = state.size.saturating_sub(1);
        let len = self.file.metadata()?.len();
        state.safe_len = state.safe_len.min(len).min(most);
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; READ_BYTES];
        let mut left = (&self.file).take(state.safe_len);
        loop {
            let len = left.read(&mut buffer)?;
            match buffer.get(..len) {
                Some([]) | None => return Ok(Some((state, hasher))),
                Some(read) => hasher.update(read),
            }
        }
    }

    /// Returns the plaintext's file, ready to write after the first `len` bytes. If `len` is 0, the
    /// state of an earlier download is removed first, because it does not describe the new bytes.
    pub(super) fn file_from(&self, len: u64) -> io::Result<File> {
        if let (0, Some(state)) = (len, self.state_path()) {
            match fs::remove_file(state) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let mut file = self.file.try_clone()?;
        file.set_len(len)?;
        file.seek(SeekFrom::Start(len))?;
        Ok(file)
    }

    /// Returns whether the folder stays for a later download.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.folder, Folder::Kept(_))
    }

    /// Returns the path of the state file, or `None` in a temporary folder.
    pub(super) fn state_path(&self) -> Option<PathBuf> {
        match &self.folder {
            Folder::Kept(folder) => Some(folder.join(STATE)),
            Folder::Passing(_) => None,
        }
    }

    /// Gives the file its name and returns its path. All of its bytes must be on disk.
    pub(super) fn finish(self, if_exists: IfExists) -> Result<PathBuf, DownloadError> {
        let plaintext = self.folder.path().join(PLAINTEXT);
        let path = self.path.clone();
        let moved = match if_exists {
            IfExists::Replace => fs::rename(&plaintext, &path).map(|()| path),
            IfExists::Refuse => rename_to_new(&plaintext, [path]),
            IfExists::Number => rename_to_new(&plaintext, numbered(&path)),
        };
        match moved {
            Ok(path) => {
                self.remove();
                Ok(path)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(DownloadError::Exists { path: self.path })
            }
            Err(cause) => Err(unwritable(&self.path, cause)),
        }
    }

    /// Returns whether no byte has been written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.file.metadata().is_ok_and(|file| file.len() == 0)
    }

    /// Removes the folder and everything in it.
    pub(super) fn remove(self) {
        if let Folder::Kept(folder) = &self.folder {
            // Errors are ignored, because remains only block a later download, which reports them.
            let _ = fs::remove_file(folder.join(STATE));
            let _ = fs::remove_file(folder.join(NEXT_STATE));
            let _ = fs::remove_file(folder.join(PLAINTEXT));
            let _ = fs::remove_dir(folder);
        }
    }
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Passing(folder) => folder.path(),
        }
    }
}

impl State {
    /// Writes the state completely or not at all, even if the power fails.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let next = path.with_file_name(NEXT_STATE);
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        let mut file = for_its_owner(&mut options).open(&next)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(next, path)
    }
}

/// Returns the folder for the unfinished download of a file to `path`. Files with the same name have
/// different folders.
pub(super) fn part_path(path: &Path, file_id: &FileId) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let ending = format!(".{file_id}{ENDING}");
    let most = MOST_NAME_BYTES.saturating_sub(ending.len());
    match name.to_str() {
        Some(text) if text.len() > most => {
            let cut = text.floor_char_boundary(most);
            let short = text.get(..cut).unwrap_or_default();
            path.with_file_name(format!("{short}{ending}"))
        }
        _ => {
            let mut name = name.to_owned();
            name.push(ending);
            path.with_file_name(name)
        }
    }
}

fn unwritable(path: &Path, cause: io::Error) -> DownloadError {
    let path = path.to_owned();
    DownloadError::Unwritable { path, cause }
}

fn parent(path: &Path) -> &Path {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Renames a file to the first of these names that is free.
fn rename_to_new(from: &Path, names: impl IntoIterator<Item = PathBuf>) -> io::Result<PathBuf> {
    for to in names {
        let from = TempPath::try_from_path(from)?;
        match from.persist_noclobber(&to) {
            Ok(()) => return Ok(to),
            Err(error) => {
                // Keep the file for the next attempt, under another name.
                let _ = error.path.keep();
                if error.error.kind() != io::ErrorKind::AlreadyExists {
                    return Err(error.error);
                }
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

/// Makes a temporary folder private. Unlike temporary files, temporary folders are not private by
/// default.
#[cfg(unix)]
fn close_to_others(folder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    folder.permissions(fs::Permissions::from_mode(0o700));
}

#[cfg(not(unix))]
fn close_to_others(_folder: &mut tempfile::Builder<'_, '_>) {}

#[cfg(unix)]
fn for_its_owner(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn for_its_owner(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    options
}

/// Returns whether the path is a folder and no link, belongs to this user and is closed to all others.
#[cfg(unix)]
fn is_ours(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::symlink_metadata(folder)?;
    if !metadata.is_dir() || metadata.mode() & 0o077 != 0 {
        return Ok(false);
    }
    // A new file belongs to the user that this program runs as.
    let own = tempfile::tempfile_in(folder)?.metadata()?.uid();
    Ok(metadata.uid() == own)
}

#[cfg(not(unix))]
fn is_ours(folder: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(folder)?.is_dir())
}

#[cfg(unix)]
pub(super) fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(file), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (file.dev(), file.ino()) == (there.dev(), there.ino())
}

#[cfg(not(unix))]
pub(super) fn is_still_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

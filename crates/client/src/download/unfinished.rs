//! What has come of a download, in a folder of its own beside where it goes: the plaintext, and of
//! what it is. Only the system's user may look into it, so nobody else puts a link there or reads
//! what is not yet whole.

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
    taken::{Taken, numbered},
};

/// An unfinished download, locked as long as this lives.
pub(super) struct Unfinished {
    folder: Folder,
    /// Where it goes.
    path: PathBuf,
    file: File,
}

enum Folder {
    /// Stays for a later download: `NAME.FILE_ID.sealift-part`.
    Kept(PathBuf),
    /// Goes with this.
    Passing(TempDir),
}

/// Of what there is how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) file_id: FileId,
    /// Of the message.
    pub(super) etag: String,
    /// Bytes of the whole file.
    pub(super) size: u64,
    /// So many are surely on disk, even if the power failed since.
    pub(super) safe_len: u64,
}

/// What is appended to the name of a file that is not whole.
const ENDING: &str = ".sealift-part";
/// Of a name, on most file systems.
const MOST_NAME_BYTES: usize = 255;
/// Hashed at a time.
const READ_BYTES: usize = 1024 * 1024;
const PLAINTEXT: &str = "plaintext";
const STATE: &str = "state.json";
/// The next state until it is surely on disk.
const NEXT_STATE: &str = "state.next";

impl Unfinished {
    /// For the file that goes to `path`; what an earlier download of it left there is kept for this
    /// one to go on with.
    pub(super) fn kept(path: &Path, file_id: &FileId) -> Result<Self, DownloadError> {
        Self::kept_in(path, part_path(path, file_id), private_folder)
    }

    /// In a folder that `make` makes. One that cannot be closed to others, as on FAT, keeps
    /// nothing.
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

    /// For the file that goes to `path`, from the start; gone with this unless it is finished.
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
        // Whoever held the lock until now may have finished, and moved the very file.
        if !is_still_at(&file, &plaintext) {
            return Err(busy());
        }
        Ok(Self {
            folder,
            path: path.to_owned(),
            file,
        })
    }

    /// What an earlier download of that file left, and its hash so far.
    pub(super) fn earlier(&mut self, file_id: &FileId) -> io::Result<Option<(State, Sha256)>> {
        let Ok(state) = fs::read(self.folder.path().join(STATE)) else {
            return Ok(None);
        };
        // One that cannot be read is of a crash, or of another version.
        let Some(mut state) = serde_json::from_slice::<State>(&state)
            .ok()
            .filter(|state| state.file_id == *file_id)
            .filter(|state| HeaderValue::from_str(&state.etag).is_ok())
        else {
            return Ok(None);
        };
        // At least one byte is left to ask for: only the server knows whether this is the file still.
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

    /// The plaintext's file, for writing after the first `len` bytes. Where these are none, what
    /// an earlier download left is forgotten first: its state is not true of what comes.
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

    /// Whether it stays for a later download.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.folder, Folder::Kept(_))
    }

    /// Where the state is kept; nowhere, where nothing is kept.
    pub(super) fn state_path(&self) -> Option<PathBuf> {
        match &self.folder {
            Folder::Kept(folder) => Some(folder.join(STATE)),
            Folder::Passing(_) => None,
        }
    }

    /// Gives the file its name, and says which. All of it must be on disk.
    pub(super) fn finish(self, taken: Taken) -> Result<PathBuf, DownloadError> {
        let plaintext = self.folder.path().join(PLAINTEXT);
        let path = self.path.clone();
        let moved = match taken {
            Taken::Replaced => fs::rename(&plaintext, &path).map(|()| path),
            Taken::Refused => rename_to_new(&plaintext, [path]),
            Taken::Numbered => rename_to_new(&plaintext, numbered(&path)),
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

    /// Whether nothing came yet.
    pub(super) fn is_empty(&self) -> bool {
        self.file.metadata().is_ok_and(|file| file.len() == 0)
    }

    /// Leaves nothing.
    pub(super) fn remove(self) {
        if let Folder::Kept(folder) = &self.folder {
            // What is left would only be in the way of a later download, which says so.
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
    /// Whole or not at all, even if the power fails.
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

/// Where what has come of a download to `path` is kept until it is whole. Files of one name are
/// apart.
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

/// As rename, to the first of these where nothing is yet.
fn rename_to_new(from: &Path, names: impl IntoIterator<Item = PathBuf>) -> io::Result<PathBuf> {
    for to in names {
        let from = TempPath::try_from_path(from)?;
        match from.persist_noclobber(&to) {
            Ok(()) => return Ok(to),
            Err(error) => {
                // It stays for the next attempt, under another name.
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

/// Temporary folders are not, unlike temporary files.
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

/// Whether it is a folder, no link, of this user and closed to all others.
#[cfg(unix)]
fn is_ours(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::symlink_metadata(folder)?;
    if !metadata.is_dir() || metadata.mode() & 0o077 != 0 {
        return Ok(false);
    }
    // Whoever this program runs as, a new file is theirs.
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

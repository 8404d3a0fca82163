//! Reads the key file with care, and makes it at most once.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

use sealift_message::suite::KEY_LEN;
use zeroize::Zeroizing;

use super::KeyFileProblem;
use crate::{derive::KeyBytes, random};

pub(super) fn load_or_make(path: &Path) -> Result<KeyBytes, KeyFileProblem> {
    match load(path) {
        Err(KeyFileProblem::Missing) => make(path)?,
        found => return found,
    }
    // Reads again, because if two processes make the file at once, the first one's counts.
    load(path)
}

pub(super) fn load(path: &Path) -> Result<KeyBytes, KeyFileProblem> {
    // Checks the kind of the file before it opens it, because opening a pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(KeyFileProblem::NotAFile);
    }
    let mut file = File::open(path)?;
    if others_may_read(&file)? {
        return Err(KeyFileProblem::OthersMayRead);
    }
    let mut key = KeyBytes::default();
    let mut one_more = Zeroizing::new([0]);
    match file.read_exact(key.as_mut_slice()) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(KeyFileProblem::Length);
        }
        read => read?,
    }
    if file.read(one_more.as_mut_slice())? > 0 {
        return Err(KeyFileProblem::Length);
    }
    Ok(key)
}

/// Writes the key to a draft and links that to `path`, so that nobody reads half a file and only one of two
/// makers wins.
fn make(path: &Path) -> Result<(), KeyFileProblem> {
    let folder = folder_of(path);
    make_folder(folder)?;
    let key: KeyBytes = random::key().map_err(|_| KeyFileProblem::Random)?;
    let draft = folder.join(draft_name(path)?);
    let linked = write_new(&draft, &key).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.exists() => {}
        linked => linked?,
    }
    removed?;
    Ok(sync(folder)?)
}

/// Returns the name of a hidden file beside the key file, another one for every maker.
fn draft_name(path: &Path) -> Result<String, KeyFileProblem> {
    let random = random::iv().map_err(|_| KeyFileProblem::Random)?;
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().ok_or(KeyFileProblem::NotAFile)?;
    Ok(format!(".{}.{random}.draft", name.to_string_lossy()))
}

fn write_new(path: &Path, key: &[u8; KEY_LEN]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(key)?;
    file.sync_all()
}

/// Makes a folder and its missing parents, each durable and for its owner only.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    make_folder(above)?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    sync(above)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Syncs a folder, because the name of a new file is durable only once its folder is.
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(unix)]
fn others_may_read(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &File) -> io::Result<bool> {
    Ok(false)
}

impl From<io::Error> for KeyFileProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

//! The destination of a download: stdout or a file.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use sealift_client::{DownloadError, IfExists, numbered};
use sealift_transfer::api::FileRecord;
use tempfile::TempPath;

use super::{name::safe, name_of};
use crate::args::Download;

#[derive(Debug)]
pub(super) enum Target {
    Stdout,
    File(PathBuf, IfExists),
}

impl Target {
    /// Returns the destination that the flags choose. The file's own name is made safe. No file is overwritten
    /// without `--force`.
    pub(super) fn of(args: &Download, record: &FileRecord) -> Self {
        let named = |folder: &Path| folder.join(safe(name_of(record)));
        let (path, if_exists) = match &args.destination {
            Some(path) if path == Path::new("-") => return Self::Stdout,
            Some(path) if path.is_dir() => (named(path), IfExists::Number),
            Some(path) => (path.clone(), IfExists::Refuse),
            None => (named(Path::new("")), IfExists::Number),
        };
        Self::File(
            path,
            if args.force {
                IfExists::Replace
            } else {
                if_exists
            },
        )
    }
}

/// Makes a temporary file beside `path` that only this user can read. It is deleted unless it is kept.
pub(super) fn temporary(path: &Path) -> Result<(TempPath, File), DownloadError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let made = tempfile::NamedTempFile::with_prefix_in(".sealift-", folder);
    let (file, name) = made.map_err(|cause| unwritable(path, cause))?.into_parts();
    Ok((name, file))
}

/// Gives the temporary file its name and returns the path.
pub(super) async fn keep(
    mut name: TempPath,
    file: tokio::fs::File,
    path: &Path,
    if_exists: IfExists,
) -> Result<PathBuf, DownloadError> {
    let synced = file.sync_all().await;
    synced.map_err(|cause| unwritable(path, cause))?;
    let most = if if_exists == IfExists::Number {
        usize::MAX
    } else {
        1
    };
    for path in numbered(path).take(most) {
        let kept = match if_exists {
            IfExists::Replace => name.persist(&path),
            IfExists::Refuse | IfExists::Number => name.persist_noclobber(&path),
        };
        match kept {
            Ok(()) => return Ok(path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => name = error.path,
            Err(error) => return Err(unwritable(&path, error.error)),
        }
    }
    let path = path.to_owned();
    Err(DownloadError::Exists { path })
}

fn unwritable(path: &Path, cause: io::Error) -> DownloadError {
    let path = path.to_owned();
    DownloadError::Unwritable { path, cause }
}

//! Where a download goes.

use core::fmt;
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use sealift_client::DownloadError;
use sealift_transfer::api::FileRecord;
use tempfile::TempPath;

use super::name::{free, safe};
use crate::args::Download;

#[derive(Debug)]
pub(super) enum Target {
    Stdout,
    File(PathBuf),
}

impl Target {
    /// As the flags say; a name from elsewhere is made safe, and writes over nothing unless that is
    /// wished.
    pub(super) fn of(args: &Download, record: &FileRecord) -> Result<Self, io::Error> {
        match &args.output {
            Some(path) if path == Path::new("-") => Ok(Self::Stdout),
            Some(path) if path.is_dir() => Self::named(path, args, record),
            Some(path) => Ok(Self::File(path.clone())),
            None => Self::named(Path::new(""), args, record),
        }
    }

    fn named(folder: &Path, args: &Download, record: &FileRecord) -> Result<Self, io::Error> {
        let path = folder.join(safe(&record.name));
        Ok(Self::File(match args.force {
            true => path,
            false => free(&path)?,
        }))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("-"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A file of this user alone beside `path`, gone unless it is kept.
pub(super) fn temporary(path: &Path) -> Result<(TempPath, File), DownloadError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let made = tempfile::NamedTempFile::with_prefix_in(".sealift-", folder);
    let (file, name) = made.map_err(|cause| unwritable(path, cause))?.into_parts();
    Ok((name, file))
}

/// Gives it its name.
pub(super) async fn keep(
    name: TempPath,
    file: tokio::fs::File,
    path: &Path,
    replaces: bool,
) -> Result<(), DownloadError> {
    let synced = file.sync_all().await;
    synced.map_err(|cause| unwritable(path, cause))?;
    let kept = match replaces {
        true => name.persist(path),
        false => name.persist_noclobber(path),
    };
    match kept {
        Ok(()) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            let path = path.to_owned();
            Err(DownloadError::Exists { path })
        }
        Err(error) => Err(unwritable(path, error.error)),
    }
}

fn unwritable(path: &Path, cause: io::Error) -> DownloadError {
    let path = path.to_owned();
    DownloadError::Unwritable { path, cause }
}

//! Downloads a file to disk. The file gets its name only when it is whole.

use core::mem;
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use http::HeaderValue;
use sealift_transfer::api::FileId;
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncWriteExt as _, BufWriter},
    task::{JoinHandle, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

use super::{
    Asked, DownloadError, DownloadProgress, Downloaded, IfExists,
    begun::Begun,
    into::hex,
    resuming::ResumingDownload,
    unfinished::{State, Unfinished, part_path},
};
use crate::client::Client;

/// The options for saving a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SaveOptions {
    /// Whether the received bytes stay in a folder beside the file ([`Client::unfinished_path`]) when
    /// the download breaks off, so that the next download to the same path continues with them.
    /// Otherwise nothing stays and each download starts from the beginning. The same happens if no
    /// folder can be closed to others ([`DownloadProgress::is_kept`]).
    pub resumes: bool,
    /// What to do if the file exists already.
    pub if_exists: IfExists,
}

/// A file that was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The path of the file.
    pub path: PathBuf,
    /// The result of the download.
    pub downloaded: Downloaded,
}

/// The length of a write. It is larger than the received pieces, because each write costs a switch to
/// another thread.
const BUFFER_BYTES: usize = 1024 * 1024;
/// The bytes between two checkpoints. After a power failure, about this much is downloaded again.
const CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;

impl Client {
    /// Downloads a file to `path`, replacing an existing file, and returns its length. After a broken
    /// connection, the download continues on a new one. Until all bytes have arrived, they are in a
    /// temporary folder beside `path`, which is removed if the download fails. Only the system's user
    /// may read the file.
    ///
    /// # Errors
    /// Returns a [`DownloadError`] if the file cannot be downloaded or written.
    pub async fn download_to(&self, file: &FileId, path: &Path) -> Result<u64, DownloadError> {
        let options = SaveOptions {
            resumes: false,
            if_exists: IfExists::Replace,
        };
        let saved = self.save(file, path, options, |_| {}, CancellationToken::new());
        Ok(saved.await?.downloaded.plaintext_len)
    }

    /// Downloads a file to `path` like [`Client::download_to`], but with `options`, `progress` and
    /// `cancel`. If the server has opened every frame and recorded the plaintext's SHA-256, the received
    /// bytes are compared with it.
    ///
    /// # Errors
    /// Returns a [`DownloadError`] if the file cannot be downloaded or written, or if it differs from
    /// the recorded SHA-256.
    pub async fn save(
        &self,
        file: &FileId,
        path: &Path,
        options: SaveOptions,
        mut progress: impl FnMut(DownloadProgress),
        cancel: CancellationToken,
    ) -> Result<Saved, DownloadError> {
        options.if_exists.check(path)?;
        let mut unfinished = match options.resumes {
            true => Unfinished::kept(path, file)?,
            false => Unfinished::passing(path)?,
        };
        let is_kept = unfinished.is_kept();
        let mut progress = |now| progress(DownloadProgress { is_kept, ..now });
        let unwritable = |cause| DownloadError::Unwritable {
            path: path.to_owned(),
            cause,
        };
        let file_id = file.clone();
        // This reads the bytes of an earlier download, which may be many.
        let (unfinished, earlier) = blocking(move || {
            let earlier = unfinished.earlier(&file_id)?;
            Ok((unfinished, earlier))
        })
        .await
        .map_err(unwritable)?;
        let (state, hasher) = earlier.unzip();
        let asked = state.map_or_else(Asked::default, |state| Asked {
            start: state.safe_len,
            of: HeaderValue::from_str(&state.etag).ok(),
            ..Asked::default()
        });
        let mut download = ResumingDownload::new(self, file, asked, &cancel);
        let saved: Result<_, DownloadError> = async {
            let begun = download.begin(&mut progress).await?;
            let hasher = match begun.start {
                0 => Sha256::new(),
                _ => hasher.unwrap_or_default(),
            };
            let opened = Writing::begin(&unfinished, file, &begun, hasher);
            let mut writing = opened.await.map_err(unwritable)?;
            let mut came = Ok(());
            while let Some(piece) = match download.next(&mut progress).await {
                Ok(piece) => piece,
                Err(error) => {
                    came = Err(error);
                    None
                }
            } {
                writing.write(&piece).await.map_err(unwritable)?;
            }
            let (plaintext_len, sha256) = writing.end().await.map_err(unwritable)?;
            came?;
            let is_compared = download.compare(&sha256, &mut progress).await?;
            Ok(Downloaded {
                plaintext_len,
                sha256,
                is_compared,
            })
        }
        .await;
        // The file gets its name, or the received bytes are kept or removed.
        blocking(move || {
            Ok(match saved {
                Ok(downloaded) => {
                    let path = unfinished.finish(options.if_exists);
                    path.map(|path| Saved { path, downloaded })
                }
                Err(error) => {
                    if !error.may_pass() || unfinished.is_empty() {
                        unfinished.remove();
                    }
                    Err(error)
                }
            })
        })
        .await
        .map_err(unwritable)?
    }

    /// Returns the folder in which [`Client::save`] keeps the received bytes of a file for `path` until
    /// it is whole.
    #[must_use]
    pub fn unfinished_path(path: &Path, file: &FileId) -> PathBuf {
        part_path(path, file)
    }
}

/// The plaintext's file while it grows.
struct Writing {
    file: BufWriter<tokio::fs::File>,
    hasher: Sha256,
    len: u64,
    /// The state to write, and its path, if a later download can continue this one.
    state: Option<(State, PathBuf)>,
    /// The length that the last checkpoint covers or will cover.
    checked_len: u64,
    checkpoint: Option<JoinHandle<io::Result<()>>>,
}

impl Writing {
    async fn begin(
        unfinished: &Unfinished,
        file_id: &FileId,
        begun: &Begun,
        hasher: Sha256,
    ) -> io::Result<Self> {
        let len = begun.start;
        let file = unfinished.file_from(len)?;
        let etag = begun.etag.as_ref().and_then(|etag| etag.to_str().ok());
        let state = etag.zip(unfinished.state_path()).map(|(etag, path)| {
            let state = State {
                file_id: file_id.clone(),
                etag: etag.to_owned(),
                size: begun.size,
                safe_len: len,
            };
            (state, path)
        });
        if let Some((state, path)) = &state {
            state.write(path)?;
        }
        Ok(Self {
            file: BufWriter::with_capacity(BUFFER_BYTES, tokio::fs::File::from_std(file)),
            hasher,
            len,
            state,
            checked_len: len,
            checkpoint: None,
        })
    }

    async fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.hasher.update(piece);
        self.file.write_all(piece).await?;
        let len = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.len = self.len.saturating_add(len);
        let since = self.len.saturating_sub(self.checked_len);
        let is_free = self.checkpoint.as_ref().is_none_or(JoinHandle::is_finished);
        if since >= CHECKPOINT_BYTES && is_free {
            self.begin_checkpoint().await?;
        }
        Ok(())
    }

    /// Writes the data back to disk in the background, then records that it is safe.
    async fn begin_checkpoint(&mut self) -> io::Result<()> {
        let Some((state, path)) = &mut self.state else {
            return Ok(());
        };
        self.file.flush().await?;
        state.safe_len = self.len;
        self.checked_len = self.len;
        let (state, path) = (state.clone(), path.clone());
        let file: File = self.file.get_ref().try_clone().await?.into_std().await;
        self.checkpoint = Some(spawn_blocking(move || {
            file.sync_data()?;
            state.write(&path)
        }));
        Ok(())
    }

    /// Writes everything back to disk. Returns the length and the SHA-256 of the file.
    async fn end(mut self) -> io::Result<(u64, String)> {
        if let Some(checkpoint) = mem::take(&mut self.checkpoint) {
            checkpoint.await??;
        }
        self.file.flush().await?;
        self.file.get_ref().sync_all().await?;
        if let Some((mut state, path)) = self.state {
            state.safe_len = self.len;
            state.write(&path)?;
        }
        Ok((self.len, hex(self.hasher)))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await?
}

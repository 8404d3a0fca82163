//! A file, or a range of it, to whatever takes it.

use core::ops::Range;

use sealift_transfer::api::FileId;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use super::{Asked, DownloadError, steady::Steady};
use crate::client::Client;

/// How far a download is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadProgress {
    /// Plaintext bytes at hand, with those of an earlier download that is gone on with.
    pub got_plaintext_len: u64,
    /// Of so many.
    pub plaintext_len: u64,
    /// Until the next attempt, where one failed.
    pub retries_in_ms: Option<u64>,
    /// Whether what came stays for a later download if this one breaks off.
    pub is_kept: bool,
}

/// What was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Bytes.
    pub plaintext_len: u64,
    /// SHA-256 of them, in hexadecimal digits.
    pub sha256: String,
    /// Whether that is what the server found when it opened every frame of the file: not where it
    /// has not done so yet, and not of a range.
    pub is_compared: bool,
}

impl Client {
    /// Writes a file, or a range of it, into `output` as it comes; a connection that breaks is made
    /// again and gone on with. What was written before an error is authentic, and not all of it.
    ///
    /// # Errors
    /// [`DownloadError`].
    pub async fn download_into(
        &self,
        file: &FileId,
        range: Option<Range<u64>>,
        output: &mut (impl AsyncWrite + Unpin),
        mut progress: impl FnMut(DownloadProgress),
        cancel: CancellationToken,
    ) -> Result<Downloaded, DownloadError> {
        let is_whole = range.is_none();
        let asked = match range {
            None => Asked::default(),
            Some(range) if range.is_empty() => return Err(DownloadError::EmptyRange),
            Some(range) => Asked {
                start: range.start,
                end: Some(range.end),
                of: None,
            },
        };
        let mut download = Steady::new(self, file, asked, &cancel);
        download.begin(&mut progress).await?;
        let mut hasher = Sha256::new();
        while let Some(piece) = download.next(&mut progress).await? {
            hasher.update(&piece);
            output
                .write_all(&piece)
                .await
                .map_err(DownloadError::Output)?;
        }
        output.flush().await.map_err(DownloadError::Output)?;
        let plaintext_len = download.got();
        let sha256 = hex(hasher);
        let is_compared = match is_whole {
            true => download.compare(&sha256, &mut progress).await?,
            false => false,
        };
        Ok(Downloaded {
            plaintext_len,
            sha256,
            is_compared,
        })
    }
}

pub(super) fn hex(hasher: Sha256) -> String {
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

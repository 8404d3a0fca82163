//! Downloads a file, or a range of it, into any output.

use core::ops::Range;

use sealift_transfer::api::FileId;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use super::{Asked, DownloadError, resuming::ResumingDownload};
use crate::client::Client;

/// The progress of a download.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadProgress {
    /// Plaintext bytes received so far, including those of an earlier download that this one continues.
    pub got_plaintext_len: u64,
    /// Plaintext bytes in all.
    pub plaintext_len: u64,
    /// Milliseconds until the next attempt, if one failed.
    pub retries_in_ms: Option<u64>,
    /// Whether the received bytes stay for a later download if this one breaks off.
    pub is_kept: bool,
}

/// The result of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Plaintext bytes that were downloaded.
    pub plaintext_len: u64,
    /// SHA-256 of these bytes, in hexadecimal digits.
    pub sha256: String,
    /// Whether the SHA-256 was compared with the one that the server recorded when it opened every
    /// frame, and is the same. `false` for a range, and if the server has not recorded one yet.
    pub is_compared: bool,
}

impl Client {
    /// Writes a file, or a range of it, into `output` as it arrives. After a broken connection, the
    /// download continues on a new one. Bytes that were written before an error are authentic, but
    /// incomplete.
    ///
    /// # Errors
    /// Returns a [`DownloadError`] if the download ends before its last byte, if `output` fails, or if
    /// the file's SHA-256 is not the recorded one.
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
                ..Asked::default()
            },
        };
        let mut download = ResumingDownload::new(self, file, asked, &cancel);
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

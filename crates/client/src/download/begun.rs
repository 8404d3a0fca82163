//! The first answer of a download, to which all later ones must fit.

use http::HeaderValue;

use super::{Download, DownloadError};

/// The facts of the server's first answer.
#[derive(Clone)]
pub(super) struct Begun {
    /// The first byte of the download in the file.
    pub(super) start: u64,
    /// The end of the download in the file.
    pub(super) end: u64,
    /// Bytes of the whole file.
    pub(super) size: u64,
    /// The ETag of the message. All other ranges must have the same one. Without an ETag, there can be no
    /// other range, and the download cannot continue after a break.
    pub(super) etag: Option<HeaderValue>,
}

impl Begun {
    /// Checks that a later answer is of the same message.
    ///
    /// # Errors
    /// Returns [`DownloadError::Replaced`] if it is of another one, and [`DownloadError::OtherAnswer`] if the
    /// same one has another length.
    pub(super) fn check(&self, later: &Download) -> Result<(), DownloadError> {
        if self.etag != later.etag {
            return Err(DownloadError::Replaced);
        }
        if self.size != later.size {
            return Err(DownloadError::OtherAnswer);
        }
        Ok(())
    }
}

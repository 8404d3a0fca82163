//! The errors with which an upload ends without a file.

use core::fmt;
use std::io;

use sealift_transfer::{
    PartNumber,
    api::{UploadId, UploadState},
};

use crate::{error::RequestError, part_sealer::PartSealerError, source::SourceError};

/// Why an upload ended without a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The person cancelled the upload, and it was aborted.
    #[error("the upload was cancelled")]
    Cancelled,
    /// The person cancelled the upload, but the request that should abort it failed for good.
    #[error("the upload was not aborted: {error}; abort it later, or wait until it expires")]
    NotAborted {
        /// The upload, if it is known that the server opened one.
        upload_id: Option<UploadId>,
        /// The error of the request that failed.
        #[source]
        error: RequestError,
    },
    /// The person left the upload, which stays as it is.
    #[error("the upload was left as it is; resume it to go on")]
    Left {
        /// The upload, if the server opened one.
        upload_id: Option<UploadId>,
    },
    /// The chosen file is not the one that the upload was begun with. If a resume finds this while it
    /// compares, it has sent nothing of the wrong file.
    #[error(
        "this is not the file that the upload was begun with: {}; \
         choose the right file, or abort the upload and start again",
        Difference(*.part)
    )]
    Changed {
        /// The upload, which can be resumed with the right file.
        upload_id: UploadId,
        /// A part that was signed with other bytes, or `None` if the file has another size.
        part: Option<PartNumber>,
    },
    /// The file was modified since the start, and not all of its parts were signed.
    #[error(
        "the file was modified since the upload began; the parts that were sent are still the same, \
         but the rest cannot be checked: resume and send the rest unchecked, or abort and start again"
    )]
    Unchecked {
        /// The upload, which can be resumed.
        upload_id: UploadId,
    },
    /// The upload is no longer open on the server.
    #[error("the upload is no longer open (state: {}); start a new one", .state.as_str())]
    Gone {
        /// The upload.
        upload_id: UploadId,
        /// The upload's state: `complete` if its file was deleted since, or if the caller required a
        /// comparison ([`ResumeOptions::must_compare`](super::ResumeOptions::must_compare)).
        state: UploadState,
    },
    /// The source failed. If it was only unreadable, or if the upload was a resumed one, the upload
    /// stays and can be resumed. Otherwise it is aborted.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The server's answer cannot be used for sealing. A new upload is aborted; a resumed one stays.
    #[error(transparent)]
    Sealing(PartSealerError),
    /// A large part cannot be kept in a file until it is sent. The upload stays and can be resumed.
    #[error(
        "a large part cannot be kept on the disk until it is sent; free some room there, or choose another \
         folder for temporary files"
    )]
    PartFile(#[source] io::Error),
    /// A request failed for good. Stored parts stay until the upload expires or is aborted, and it can
    /// be resumed.
    #[error("{error}")]
    Failed {
        /// The upload, if the server opened one.
        upload_id: Option<UploadId>,
        /// The error of the request that failed.
        #[source]
        error: RequestError,
    },
    /// The server's answers contradict each other, or the client has a bug.
    #[error("the upload cannot continue: {0}; start again, and report it if that does not help")]
    Broken(&'static str),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes; nothing is sent without them")]
    NoRandomness,
}

impl From<PartSealerError> for UploadError {
    fn from(error: PartSealerError) -> Self {
        match error {
            PartSealerError::Source(error) => Self::Source(error),
            PartSealerError::Unwritable(error) => Self::PartFile(error),
            error => Self::Sealing(error),
        }
    }
}

/// Prints how a file differs from the one that the upload was begun with.
struct Difference(Option<PartNumber>);

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(part) => write!(f, "part {part} differs"),
            None => f.write_str("it has another size"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_told_with_what_differs_and_what_to_do() {
        let upload_id = UploadId::from_random([1; 16]);
        let part = Some(PartNumber::FIRST);
        let error = UploadError::Changed { upload_id, part };
        assert_eq!(
            error.to_string(),
            "this is not the file that the upload was begun with: part 1 differs; choose the right \
             file, or abort the upload and start again"
        );
    }
}

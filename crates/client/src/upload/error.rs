//! How an upload ends without a file.

use core::fmt;

use sealift_transfer::{
    PartNumber,
    api::{UploadId, UploadState},
};

use crate::{error::RequestError, part_sealer::PartSealerError, source::SourceError};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// As was wished; the upload is taken back.
    #[error("the upload was cancelled")]
    Cancelled,
    /// It was wished to be taken back, and the server could not be brought to do so.
    #[error("the upload is not taken back: {error}; abort it later, or it ends when it expires")]
    NotTakenBack {
        /// The upload, if it is known that the server began one.
        upload_id: Option<UploadId>,
        /// What failed.
        #[source]
        error: RequestError,
    },
    /// As was wished; the upload stays as it is.
    #[error("the upload was left as it is; resume it to go on")]
    Left {
        /// The upload, if the server began one.
        upload_id: Option<UploadId>,
    },
    /// The chosen file is not the one that the upload was begun with. Nothing of it was sent.
    #[error(
        "this is not the file that the upload was begun with: {}; \
         choose the right file, or abort the upload and begin anew",
        Difference(*.part)
    )]
    Changed {
        /// The upload; it can be resumed with the right file.
        upload_id: UploadId,
        /// A part that was signed with other bytes; `None` where the file has another size.
        part: Option<PartNumber>,
    },
    /// The file was modified since the start, and not all of its parts were signed.
    #[error(
        "the file was modified since the upload began; what was sent of it is still the same, but \
         the rest cannot be checked: resume and ask for the rest unchecked, or abort and begin anew"
    )]
    Unchecked {
        /// The upload; it can be resumed.
        upload_id: UploadId,
    },
    /// The server no longer has the upload.
    #[error("the upload is no longer there ({}); begin a new one", .state.as_str())]
    Gone {
        /// The upload.
        upload_id: UploadId,
        /// What became of it: `complete` where its file was deleted since, or must have been compared.
        state: UploadState,
    },
    /// The source failed. Where it changed while the upload that was begun with it went on, that is
    /// taken back; else the upload stays and can be resumed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What the server sent is not fit for sealing. An upload that was begun here is taken back.
    #[error(transparent)]
    Sealing(PartSealerError),
    /// A request failed for good. What is stored stays until the upload expires, or is aborted; it
    /// can be resumed.
    #[error("{error}")]
    Failed {
        /// The upload, if the server began one.
        upload_id: Option<UploadId>,
        /// How.
        #[source]
        error: RequestError,
    },
    /// The server's answers contradict each other, or this is a fault of ours.
    #[error("the upload cannot go on: {0}; begin again, and tell us if that does not help")]
    Broken(&'static str),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes; nothing is sent without them")]
    NoRandomness,
}

impl From<PartSealerError> for UploadError {
    fn from(error: PartSealerError) -> Self {
        match error {
            PartSealerError::Source(error) => Self::Source(error),
            error => Self::Sealing(error),
        }
    }
}

/// How a file differs from the one before.
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
             file, or abort the upload and begin anew"
        );
    }
}

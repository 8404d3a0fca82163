//! The error of a completion.

use sealift_transfer::{PartNumber, api::UploadState};

use crate::{
    keys::KeysError, objects::ObjectsError, reading::decrypt::OpenError, records::RecordsError,
};

/// The reasons why an upload is not complete.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompletionError {
    #[error("no such upload of this caller")]
    NotFound,
    #[error("the upload is {}", .0.as_str())]
    NotOpen(UploadState),
    #[error("the upload has expired")]
    Expired,
    #[error("part {0} is missing")]
    PartMissing(PartNumber),
    #[error("the parts are not those of the record")]
    PartsDiffer,
    #[error("the object was not what was sealed")]
    Failed,
    #[error("another request is completing the upload")]
    Elsewhere,
    #[error("the store did not join the parts")]
    StillOpen,
    #[error("the store does not report the object's checksum")]
    ChecksumNotReported,
    #[error("the header in the record cannot be opened")]
    Header(#[source] OpenError),
    #[error("the records failed")]
    Records(#[from] RecordsError),
    #[error("the store failed")]
    Objects(#[from] ObjectsError),
    #[error("the keys failed")]
    Keys(#[from] KeysError),
}

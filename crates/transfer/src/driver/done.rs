//! The results of effects.

use sealift_message::ContentKey;

#[cfg(doc)]
use super::Effect;
use super::Side;
use crate::{
    address::Moment,
    api::{FileRecord, OpenedUpload, PartReceipt, SignedPart, UploadStatus},
    part_plan::PartNumber,
    retry::RequestFailure,
    upload::Request,
};

/// The result of an [`Effect`], as the side reports it.
pub enum Done<S: Side> {
    /// The server answered the open request.
    Opened(Box<OpenedUpload>),
    /// The server answered with the upload's status.
    Found(Box<UploadStatus>),
    /// The server gave the content key.
    KeyFetched(ContentKey),
    /// The header belongs to the content key, and this seals with it.
    KeyImported(S::Sealer),
    /// A part was sealed for its receipt only.
    Compared(PartReceipt),
    /// The person wants to send the rest unchecked.
    Confirmed,
    /// A part was sealed.
    Sealed(PartReceipt, S::Sealed),
    /// The server signed these parts.
    Signed {
        /// The parts with their addresses.
        parts: Vec<SignedPart>,
        /// The moment before the request was sent, so that no address seems younger than it is.
        asked_at: Moment,
    },
    /// The store has the part.
    Sent(PartNumber),
    /// The address of this part ended before its PUT began. The permit is kept for the next PUT.
    AddressEnded(PartNumber, S::Permit),
    /// The file is complete.
    Completed(Box<FileRecord>),
    /// The upload was aborted.
    Aborted,
    /// A request failed.
    Failed {
        /// The request that failed.
        request: Request,
        /// The failure as the retry policy judges it.
        failure: RequestFailure,
        /// A random number for [`crate::retry::after`].
        jitter: u16,
        /// The error, for the person.
        error: S::Error,
    },
    /// The wait is over.
    Waited(Request),
    /// The caller has no other credential.
    RefusedCredential(Request),
    /// The side cannot carry out an effect: the source changed, the header does not belong to the key, a
    /// lock or room on the disk is missing. Comes in place of every result except that of a request.
    GaveUp {
        /// The reason, for the person.
        fault: S::Fault,
        /// Whether the upload is left on the server, so that it can be resumed. Otherwise it is aborted.
        leaves: bool,
    },
}

//! What the driver tells.

use super::Request;
use crate::{
    api::{PartReceipt, SignedPart, UploadId},
    part_plan::{PartNumber, PartPlan},
    retry::RequestFailure,
};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server opened the upload. The driver has checked the header against the key
    /// (FORMAT.md R5) if there is one.
    Opened {
        /// The upload.
        upload_id: UploadId,
        /// Its parts.
        plan: PartPlan,
        /// How many parts one signing request may name; at least 1.
        most_parts_per_request: u16,
        /// Whether the answer held the content key.
        has_key: bool,
    },
    /// The upload of the client token is complete already: the answer to its completion was lost.
    FoundComplete(UploadId),
    /// The content key is there, and the header was checked against it.
    KeyFetched,
    /// A part's sealed bytes are ready and kept.
    Sealed(PartReceipt),
    /// The server signed parts.
    Signed(Vec<SignedPart>),
    /// The store took the part.
    Sent(PartNumber),
    /// The file is complete.
    Completed,
    /// The upload is taken back, or there was none.
    Aborted,
    /// A request failed.
    RequestFailed {
        /// Which one.
        request: Request,
        /// How.
        failure: RequestFailure,
        /// Random, see [`crate::retry::after`].
        jitter: u16,
    },
    /// The time of a [`Command::Wait`](super::Command::Wait) is over.
    Waited(Request),
    /// The source can no longer be sealed as it was opened: it changed, or cannot be read.
    SourceFailed,
    /// The person does not want it any more.
    Cancelled,
}

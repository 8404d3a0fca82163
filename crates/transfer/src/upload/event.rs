//! The events that the driver reports to the state machine.

use super::Request;
#[cfg(doc)]
use super::{Command, Until};
use crate::{
    api::{PartReceipt, PartStatus, SignedPart, UploadId, UploadState, UploadStatus, open::Method},
    part_plan::{PartNumber, PartPlan},
    retry::RequestFailure,
};

/// An event that the driver reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server opened the upload. If the answer held the content key, the driver has checked the
    /// header against it (docs/FORMAT.md, R5).
    Opened {
        /// The upload.
        upload_id: UploadId,
        /// The upload's part plan.
        plan: PartPlan,
        /// How the parts are sent.
        method: Method,
        /// The most parts that one signing request may name; at least 1.
        most_parts_per_request: u16,
        /// Whether the answer held the content key. Without it, an earlier request opened the upload,
        /// and parts of it may have been signed.
        has_key: bool,
    },
    /// The upload's status, if it is not complete. The answer to the open request is as good as a status
    /// if it says that no part was ever signed.
    Found(Box<FoundUpload>),
    /// The upload is already complete, for example because the answer to its completion was lost.
    FoundComplete(UploadId),
    /// The driver has the content key and has checked the header against it.
    KeyFetched,
    /// A part was sealed again, and its bytes have this receipt. The bytes are not kept.
    Compared(PartReceipt),
    /// The person wants to send the rest unchecked ([`Command::AskUnchecked`]).
    Confirmed,
    /// A part's sealed bytes are ready and kept.
    Sealed(PartReceipt),
    /// The server signed these parts.
    Signed(Vec<SignedPart>),
    /// The store has the part.
    Sent(PartNumber),
    /// The address of this part had ended before the PUT began, so the driver sent nothing.
    AddressEnded(PartNumber),
    /// The file is complete.
    Completed,
    /// The upload was aborted, or there was none.
    Aborted,
    /// A request failed.
    RequestFailed {
        /// The request that failed.
        request: Request,
        /// How it failed.
        failure: RequestFailure,
        /// A random number for [`crate::retry::after`].
        jitter: u16,
    },
    /// A [`Command::Wait`] is over; its request can be sent again.
    Waited(Request),
    /// The caller has no other credential ([`Until::Credential`]).
    RefusedCredential(Request),
    /// The source can no longer be sealed as it was opened. The upload must be aborted.
    SourceFailed,
    /// The person pauses the upload.
    Paused,
    /// The person continues the upload after a pause.
    Continued,
    /// The upload must be left as it is, so that it can be resumed.
    Left,
    /// The person cancels the upload.
    Cancelled,
}

/// The status of an upload that was begun earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundUpload {
    /// The upload.
    pub upload_id: UploadId,
    /// The upload's part plan.
    pub plan: PartPlan,
    /// How the parts are sent.
    pub method: Method,
    /// The most parts that one signing request may name; at least 1.
    pub most_parts_per_request: u16,
    /// The server's state of the upload.
    pub state: UploadState,
    /// The file's last modification as given at the start, milliseconds since the Unix epoch.
    pub last_modified_ms: Option<i64>,
    /// Every part that was ever signed.
    pub parts: Vec<PartStatus>,
}

impl From<&UploadStatus> for FoundUpload {
    fn from(status: &UploadStatus) -> Self {
        Self {
            upload_id: status.upload_id.clone(),
            plan: status.plan,
            method: status.method,
            most_parts_per_request: status.most_parts_per_request,
            state: status.state,
            last_modified_ms: status.last_modified_ms,
            parts: status.parts.clone(),
        }
    }
}

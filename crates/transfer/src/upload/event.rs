//! What the driver tells.

use super::Request;
#[cfg(doc)]
use super::{Command, Until};
use crate::{
    api::{PartReceipt, PartStatus, SignedPart, UploadId, UploadState, UploadStatus, open::Method},
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
        /// How they are sent.
        method: Method,
        /// How many parts one signing request may name; at least 1.
        most_parts_per_request: u16,
        /// Whether the answer held the content key. Without it the upload was opened before, and
        /// parts of it may have been signed.
        has_key: bool,
    },
    /// Where the upload stands, if it is not complete.
    Found(Box<FoundUpload>),
    /// The upload is complete already: the answer to its completion was lost.
    FoundComplete(UploadId),
    /// The content key is there, and the header was checked against it.
    KeyFetched,
    /// A part was sealed again, to bytes with this receipt. They are not kept.
    Compared(PartReceipt),
    /// The person wants the rest to be sent unchecked ([`Command::AskUnchecked`]).
    Confirmed,
    /// A part's sealed bytes are ready and kept.
    Sealed(PartReceipt),
    /// The server signed parts.
    Signed(Vec<SignedPart>),
    /// The store took the part.
    Sent(PartNumber),
    /// The address of this part had ended before the PUT began, so the driver sent nothing.
    AddressEnded(PartNumber),
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
    /// What a [`Command::Wait`] waited for is there.
    Waited(Request),
    /// No credential is to be had ([`Until::Credential`]).
    RefusedCredential(Request),
    /// The source can no longer be sealed as it was opened: the upload is to be taken back.
    SourceFailed,
    /// The person wants a pause.
    Paused,
    /// The person wants to go on after a pause.
    Continued,
    /// The upload is to be left as it is, so that it can be resumed.
    Left,
    /// The person does not want it any more.
    Cancelled,
}

/// An upload that was begun earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundUpload {
    /// The upload.
    pub upload_id: UploadId,
    /// Its parts.
    pub plan: PartPlan,
    /// How they are sent.
    pub method: Method,
    /// How many parts one signing request may name; at least 1.
    pub most_parts_per_request: u16,
    /// Where it stands.
    pub state: UploadState,
    /// The file's last modification as given at the start.
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

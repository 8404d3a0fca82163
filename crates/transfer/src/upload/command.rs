//! What the driver is to do.

#[cfg(doc)]
use super::Event;
use crate::{
    api::{CompleteUpload, PartReceipt, SignedPart, UploadId},
    part_plan::PartNumber,
    retry::RequestFailure,
};

/// What the driver is to do. Commands of one answer are begun in order, a release first, so that
/// memory is bounded; they may then go on side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send the open request; answer [`Event::Opened`] or
    /// [`Event::FoundComplete`].
    Open,
    /// The open request's answer was lost and its repetition has no key: ask for it; answer
    /// [`Event::KeyFetched`].
    FetchKey(UploadId),
    /// Read the part's plaintext, seal it, hash it, keep the bytes; answer [`Event::Sealed`].
    Seal(PartNumber),
    /// Ask for signatures; answer [`Event::Signed`].
    Sign(Vec<PartReceipt>),
    /// PUT the kept bytes; answer [`Event::Sent`].
    Put(SignedPart),
    /// The part is stored: its bytes may go.
    Release(PartNumber),
    /// Ask for completion; answer [`Event::Completed`].
    Complete(CompleteUpload),
    /// Ask for the abort; answer [`Event::Aborted`].
    Abort(UploadId),
    /// Wait, then answer [`Event::Waited`] with this request.
    Wait {
        /// What is to be tried again.
        request: Request,
        /// Milliseconds.
        wait_ms: u64,
    },
    /// The end: nothing more will come. All kept bytes may go.
    End(Outcome),
}

/// A request that may fail and be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// [`Command::Open`].
    Open,
    /// [`Command::FetchKey`].
    FetchKey,
    /// [`Command::Sign`] for these parts.
    Sign(Vec<PartNumber>),
    /// [`Command::Put`] of this part.
    Put(PartNumber),
    /// [`Command::Complete`].
    Complete,
    /// [`Command::Abort`].
    Abort,
}

/// How an upload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The file is there.
    Complete(UploadId),
    /// Taken back because the person wanted so.
    Cancelled,
    /// Taken back because the source failed; what the driver reported says how.
    SourceFailed,
    /// This request failed for good. What is stored stays: the upload can be continued.
    Failed {
        /// Which one.
        request: Request,
        /// How.
        failure: RequestFailure,
    },
    /// The driver or the server broke the rules: parts differ, or answers do not fit.
    Broken(&'static str),
}

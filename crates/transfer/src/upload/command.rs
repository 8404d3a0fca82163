//! What the driver is to do.

#[cfg(doc)]
use super::Event;
use crate::{
    api::{CompleteUpload, PartReceipt, SignedPart, UploadId, UploadState},
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
    /// Ask where the upload stands; answer [`Event::Found`], or [`Event::FoundComplete`] where it
    /// is complete.
    FetchStatus(UploadId),
    /// Ask for the content key; answer [`Event::KeyFetched`].
    FetchKey(UploadId),
    /// Read the part's plaintext, seal it, hash it, drop the bytes; answer [`Event::Compared`].
    Compare(PartNumber),
    /// The file has another last modification than at the start. What was signed is still the
    /// same, the rest cannot be checked: ask the person; answer [`Event::Confirmed`] or
    /// [`Event::Left`].
    AskUnchecked,
    /// Read the part's plaintext, seal it, hash it, keep the bytes; answer [`Event::Sealed`].
    Seal(PartNumber),
    /// Ask for signatures; answer [`Event::Signed`].
    Sign(Vec<PartReceipt>),
    /// PUT the kept bytes; answer [`Event::Sent`]. Where the PUT had to wait for its slot and the
    /// address has ended meanwhile, answer [`Event::AddressEnded`] and keep the slot for the next
    /// PUT of this part, which uses the address that it gets as it is. Otherwise a long queue
    /// would let every address end before its PUT begins.
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
        /// For what.
        until: Until,
    },
    /// Drop everything that is under way or waits, and all kept bytes; nothing of it is to be
    /// reported any more.
    Stop,
    /// The end: nothing more will come. All kept bytes may go.
    End(Outcome),
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// So much time.
    Elapsed {
        /// Milliseconds.
        wait_ms: u64,
    },
    /// There is a network again.
    Online,
    /// The caller has a credential that the server takes; where there is none to be had, answer
    /// [`Event::RefusedCredential`].
    Credential,
}

/// A request that may fail and be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// [`Command::Open`].
    Open,
    /// [`Command::FetchStatus`].
    FetchStatus,
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
    /// The source failed; what the driver reported says how. The upload is taken back, or where
    /// that failed too, ends by itself when it expires.
    SourceFailed,
    /// The person wanted it to be taken back, and this request failed for good. It stays among the
    /// unfinished uploads, where it can be taken back later, until it expires.
    NotTakenBack {
        /// Which one.
        request: Request,
        /// How.
        failure: RequestFailure,
    },
    /// This request failed for good. What is stored stays: the upload can be resumed.
    Failed {
        /// Which one.
        request: Request,
        /// How.
        failure: RequestFailure,
    },
    /// The chosen file is not the one that was begun with. Nothing of it was sent, and the upload
    /// can be resumed with the right file.
    Changed {
        /// A part that was signed with other bytes; `None` where the file has another size.
        part: Option<PartNumber>,
    },
    /// Left as it is, as was wished: it can be resumed.
    Left,
    /// The server no longer has the upload open: it was taken back, failed, or ran out (which
    /// counts as taken back). Only a new one helps.
    Gone(UploadState),
    /// The driver or the server broke the rules: answers do not fit.
    Broken(&'static str),
}

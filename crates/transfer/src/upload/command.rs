//! The commands that the state machine gives to its driver.

#[cfg(doc)]
use super::Event;
use crate::{
    api::{CompleteUpload, PartReceipt, SignedPart, UploadId, UploadState},
    part_plan::PartNumber,
    retry::RequestFailure,
};

/// One task for the driver. The driver begins the commands of one answer in order, and a release comes
/// first, so that memory stays bounded. After that the commands may run at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send the open request; answer [`Event::Opened`] or
    /// [`Event::FoundComplete`].
    Open,
    /// Ask for the upload's status; answer [`Event::Found`], or [`Event::FoundComplete`] if it is
    /// complete.
    FetchStatus(UploadId),
    /// Ask for the content key; answer [`Event::KeyFetched`].
    FetchKey(UploadId),
    /// Read the part's plaintext, seal it, hash it, drop the bytes; answer [`Event::Compared`].
    Compare(PartNumber),
    /// The file's last modification is not the one at the start. The signed parts are still the same,
    /// but the rest cannot be checked, so ask the person; answer [`Event::Confirmed`] or
    /// [`Event::Left`].
    AskUnchecked,
    /// Read the part's plaintext, seal it, hash it, keep the bytes; answer [`Event::Sealed`].
    Seal(PartNumber),
    /// Ask for signatures; answer [`Event::Signed`].
    Sign(Vec<PartReceipt>),
    /// PUT the kept bytes; answer [`Event::Sent`]. If the address ended while the PUT waited for its
    /// permit, answer [`Event::AddressEnded`] and keep the permit for the next PUT of this part. That
    /// PUT uses its fresh address without a check, because otherwise a long queue would let every
    /// address end before its PUT begins.
    Put(SignedPart),
    /// The store has the part, so drop its bytes.
    Release(PartNumber),
    /// Ask for completion; answer [`Event::Completed`].
    Complete(CompleteUpload),
    /// Ask for the abort; answer [`Event::Aborted`].
    Abort(UploadId),
    /// Wait, then answer [`Event::Waited`] with this request.
    Wait {
        /// The request to send again after the wait.
        request: Request,
        /// The end of the wait.
        until: Until,
    },
    /// Drop everything that runs or waits, and all kept bytes. Report nothing about them any more.
    Stop,
    /// The upload has ended and no command follows. Drop all kept bytes.
    End(Outcome),
}

/// The condition that ends a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// An amount of time has passed.
    Elapsed {
        /// Milliseconds to wait.
        wait_ms: u64,
    },
    /// The network is back.
    Online,
    /// The caller has a credential that the server accepts. If the caller cannot get one, answer
    /// [`Event::RefusedCredential`].
    Credential,
}

/// A request that may fail and be retried.
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
    /// The upload is complete and the file exists.
    Complete(UploadId),
    /// The upload was aborted because the person cancelled it.
    Cancelled,
    /// The source failed, and the driver knows how. The upload is aborted. If that failed too, it ends
    /// by itself when it expires.
    SourceFailed,
    /// The person cancelled the upload, but this request failed for good, so the upload was not aborted.
    /// It stays among the unfinished uploads, where it can be aborted later, until it expires.
    NotAborted {
        /// The request that failed.
        request: Request,
        /// How it failed.
        failure: RequestFailure,
    },
    /// This request failed for good. Stored parts stay, and the upload can be resumed.
    Failed {
        /// The request that failed.
        request: Request,
        /// How it failed.
        failure: RequestFailure,
    },
    /// The chosen file is not the one that the upload was begun with. The upload can be resumed with
    /// the right file. If a resume finds this while it compares, it has sent nothing of the wrong file.
    Changed {
        /// A part that was signed with other bytes, or `None` if the file has another size.
        part: Option<PartNumber>,
    },
    /// The upload was left as it is, after [`Event::Left`]. It can be resumed.
    Left,
    /// The upload is no longer open on the server: it was aborted, failed, or expired (which counts as
    /// aborted). Only a new upload helps.
    Gone(UploadState),
    /// The driver or the server broke the rules, because its answers do not fit together.
    Broken(&'static str),
}

//! Translates the outcome of an upload, with what the driver kept about it.

use super::{Driver, Side, session::Session};
use crate::{
    api::{FileRecord, UploadId, UploadState},
    part_plan::PartNumber,
    upload::{Outcome, Request},
};

/// How an upload ended.
pub enum Ended<S: Side> {
    /// The upload is complete.
    Complete {
        /// The upload.
        upload_id: UploadId,
        /// The file's record, or `None` if the file was deleted since.
        record: Option<Box<FileRecord>>,
        /// Whether it was complete before this driver knew anything else of it, so that nothing of the
        /// source was compared with it.
        is_unseen: bool,
    },
    /// The person cancelled the upload, and it was aborted.
    Cancelled,
    /// The person left the upload, which can be resumed.
    Left,
    /// The side gave the upload up.
    GaveUp {
        /// The side's reason.
        fault: S::Fault,
        /// Whether the upload was aborted. Otherwise it can be resumed.
        is_aborted: bool,
    },
    /// A request failed for good with this error. The upload can be resumed.
    Failed(S::Error),
    /// The person cancelled the upload, but a request failed for good with this error, so the upload was not
    /// aborted.
    NotAborted(S::Error),
    /// The chosen file is not the one that the upload was begun with.
    Changed {
        /// A part that was signed with other bytes, or `None` if the file has another size.
        part: Option<PartNumber>,
    },
    /// The upload is no longer open on the server.
    Gone(UploadState),
    /// The server's answers do not fit together, or the client has a bug.
    Broken(&'static str),
}

/// Why an upload is given up.
pub(super) enum GivenUp<Fault> {
    Fault(Fault),
    Broken(&'static str),
}

const UNKNOWN_REASON: &str = "the upload ended without a known reason";

impl<S: Side> Driver<S> {
    pub(super) fn ended(&mut self, outcome: Outcome) -> Ended<S> {
        match outcome {
            Outcome::Complete(upload_id) => Ended::Complete {
                upload_id,
                record: self.record.take(),
                is_unseen: !matches!(self.session, Session::Known(_)),
            },
            Outcome::Cancelled => Ended::Cancelled,
            Outcome::Left => self.gave_up(false).unwrap_or(Ended::Left),
            Outcome::SourceFailed => self.gave_up(true).unwrap_or(Ended::Broken(UNKNOWN_REASON)),
            Outcome::Failed { request, .. } => self.failed(&request, Ended::Failed),
            Outcome::NotAborted { request, .. } => self.failed(&request, Ended::NotAborted),
            Outcome::Changed { part } => Ended::Changed { part },
            Outcome::Gone(state) => Ended::Gone(state),
            Outcome::Broken(why) => Ended::Broken(why),
        }
    }

    fn gave_up(&mut self, is_aborted: bool) -> Option<Ended<S>> {
        Some(match self.given_up.take()? {
            GivenUp::Fault(fault) => Ended::GaveUp { fault, is_aborted },
            GivenUp::Broken(why) => Ended::Broken(why),
        })
    }

    fn failed(&mut self, request: &Request, ended: fn(S::Error) -> Ended<S>) -> Ended<S> {
        let error = self.take_error(request);
        error.map_or(Ended::Broken(UNKNOWN_REASON), ended)
    }
}

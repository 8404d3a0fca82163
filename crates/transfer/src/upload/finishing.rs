//! The last requests of an upload: its completion, its abort, and a status request when the server
//! or the store refuses something that belongs to it.

use super::{
    Command, Event, Outcome, Request,
    attempts::{Attempts, Meaning},
    phase::{Phase, Session, end},
};
use crate::{
    api::{CompleteUpload, PartReceipts, UploadId, UploadState},
    part_plan::PartPlan,
    retry::RequestFailure,
};

#[derive(Debug)]
pub(super) struct Completing {
    upload_id: UploadId,
    pub(super) plan: PartPlan,
    complete: CompleteUpload,
    attempts: Attempts,
    /// No request is running, and the next one waits.
    waits: bool,
    /// Why the upload must be aborted, unless the running request completes it.
    ending: Option<Ending>,
}

impl Completing {
    pub(super) fn begin(
        session: Session,
        receipts: &PartReceipts,
        commands: &mut Vec<Command>,
    ) -> Phase {
        let Ok(parts_sha256) = receipts.digest(session.plan.part_count()) else {
            return end(Outcome::Broken("a part has no receipt"), commands);
        };
        let complete = CompleteUpload { parts_sha256 };
        commands.push(Command::Complete(complete));
        Phase::Completing(Self {
            upload_id: session.upload_id,
            plan: session.plan,
            complete,
            attempts: Attempts::default(),
            waits: false,
            ending: None,
        })
    }

    pub(super) fn on(mut self, event: Event, commands: &mut Vec<Command>) -> Phase {
        match self.attempts.meaning(Request::Complete, event) {
            Meaning::Again => {
                self.waits = false;
                commands.push(Command::Complete(self.complete));
            }
            Meaning::Waits(_) | Meaning::Over(_) if let Some(ending) = self.ending => {
                return Aborting::begin(self.upload_id, ending, commands);
            }
            Meaning::Waits(wait) => {
                self.waits = true;
                commands.push(wait);
            }
            Meaning::Over(outcome) => return Looking::or_end(&self.upload_id, outcome, commands),
            Meaning::Other(Event::Completed) => {
                return end(Outcome::Complete(self.upload_id), commands);
            }
            Meaning::Other(_) => {}
        }
        Phase::Completing(self)
    }

    /// Aborts the upload. A running completion may already have succeeded, so its answer decides.
    pub(super) fn abort(mut self, ending: Ending, commands: &mut Vec<Command>) -> Phase {
        if self.waits {
            return Aborting::begin(self.upload_id, ending, commands);
        }
        self.ending = Some(ending);
        Phase::Completing(self)
    }
}

/// Why an upload is aborted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Cancelled,
    SourceFailed,
}

impl Ending {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Cancelled => Outcome::Cancelled,
            Self::SourceFailed => Outcome::SourceFailed,
        }
    }

    /// Returns the outcome when a request that the abort depends on has ended with `outcome`.
    pub(super) fn after(self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Failed {
                failure: RequestFailure::Status { status: 404, .. },
                ..
            }
            | Outcome::Gone(_) => self.outcome(),
            // The person has to deal with the failed source, so report that.
            Outcome::Failed { .. } if matches!(self, Self::SourceFailed) => self.outcome(),
            Outcome::Failed { request, failure } => Outcome::NotAborted { request, failure },
            outcome => outcome,
        }
    }
}

/// Aborts the upload. If the server refuses, asks for the status to find out why.
#[derive(Debug)]
pub(super) struct Aborting {
    upload_id: UploadId,
    ending: Ending,
    attempts: Attempts,
    /// Attempts at the status request.
    looks: Attempts,
}

impl Aborting {
    pub(super) fn begin(upload_id: UploadId, ending: Ending, commands: &mut Vec<Command>) -> Phase {
        commands.push(Command::Stop);
        commands.push(Command::Abort(upload_id.clone()));
        Phase::Aborting(Self {
            upload_id,
            ending,
            attempts: Attempts::default(),
            looks: Attempts::default(),
        })
    }

    pub(super) fn on(mut self, event: Event, commands: &mut Vec<Command>) -> Phase {
        match self.attempts.meaning(Request::Abort, event) {
            Meaning::Again => commands.push(Command::Abort(self.upload_id.clone())),
            Meaning::Waits(wait) => commands.push(wait),
            // The upload is complete, or is being completed.
            Meaning::Over(outcome) if status_of(&outcome) == Some(409) => {
                commands.push(Command::FetchStatus(self.upload_id.clone()));
            }
            Meaning::Over(outcome) => return end(self.ending.after(outcome), commands),
            Meaning::Other(Event::Aborted) => return end(self.ending.outcome(), commands),
            Meaning::Other(event) => return self.look(event, commands),
        }
        Phase::Aborting(self)
    }

    fn look(mut self, event: Event, commands: &mut Vec<Command>) -> Phase {
        let outcome = match self.looks.meaning(Request::FetchStatus, event) {
            Meaning::Again => {
                commands.push(Command::FetchStatus(self.upload_id.clone()));
                return Phase::Aborting(self);
            }
            Meaning::Waits(wait) => {
                commands.push(wait);
                return Phase::Aborting(self);
            }
            Meaning::Over(outcome) => self.ending.after(outcome),
            Meaning::Other(Event::FoundComplete(upload_id)) => Outcome::Complete(upload_id),
            Meaning::Other(Event::Found(found)) => match found.state {
                UploadState::Complete => Outcome::Complete(found.upload_id),
                UploadState::Aborting | UploadState::Aborted | UploadState::Failed => {
                    self.ending.outcome()
                }
                // A completion ends, or the upload returns to a state in which it can be aborted.
                UploadState::Opening | UploadState::Open | UploadState::Completing => {
                    let completing = RequestFailure::Completing {
                        retry_after_ms: None,
                    };
                    match self.attempts.failed(Request::Abort, completing, 0) {
                        Ok(wait) => {
                            commands.push(wait);
                            return Phase::Aborting(self);
                        }
                        Err(outcome) => self.ending.after(outcome),
                    }
                }
            },
            Meaning::Other(_) => return Phase::Aborting(self),
        };
        end(outcome, commands)
    }
}

/// Asks whether the upload is still open, after a refusal that an open upload would not get.
#[derive(Debug)]
pub(super) struct Looking {
    pub(super) upload_id: UploadId,
    /// How the upload ends if its status does not explain the refusal.
    outcome: Outcome,
    attempts: Attempts,
}

impl Looking {
    /// Ends with `outcome`. Asks for the upload's status first, if that may explain the outcome.
    pub(super) fn or_end(
        upload_id: &UploadId,
        outcome: Outcome,
        commands: &mut Vec<Command>,
    ) -> Phase {
        if !may_be_explained(&outcome) {
            return end(outcome, commands);
        }
        commands.push(Command::Stop);
        commands.push(Command::FetchStatus(upload_id.clone()));
        Phase::Looking(Self {
            upload_id: upload_id.clone(),
            outcome,
            attempts: Attempts::default(),
        })
    }

    pub(super) fn on(mut self, event: Event, commands: &mut Vec<Command>) -> Phase {
        match self.attempts.meaning(Request::FetchStatus, event) {
            Meaning::Again => commands.push(Command::FetchStatus(self.upload_id.clone())),
            Meaning::Waits(wait) => commands.push(wait),
            Meaning::Over(gone @ Outcome::Gone(_)) => return end(gone, commands),
            Meaning::Over(_) => return end(self.outcome, commands),
            Meaning::Other(Event::FoundComplete(upload_id)) => {
                return end(Outcome::Complete(upload_id), commands);
            }
            Meaning::Other(Event::Found(found)) => {
                let outcome = match found.state {
                    UploadState::Complete => Outcome::Complete(found.upload_id),
                    UploadState::Opening | UploadState::Open | UploadState::Completing => {
                        self.outcome
                    }
                    gone @ (UploadState::Aborting | UploadState::Aborted | UploadState::Failed) => {
                        Outcome::Gone(gone)
                    }
                };
                return end(outcome, commands);
            }
            Meaning::Other(_) => {}
        }
        Phase::Looking(self)
    }
}

fn status_of(outcome: &Outcome) -> Option<u16> {
    match outcome {
        Outcome::Failed {
            failure: RequestFailure::Status { status, .. },
            ..
        } => Some(*status),
        _ => None,
    }
}

/// Returns whether the refusal may mean that somebody else has aborted or completed the upload.
fn may_be_explained(outcome: &Outcome) -> bool {
    let Outcome::Failed {
        request,
        failure: RequestFailure::Status { status, .. },
    } = outcome
    else {
        return false;
    };
    match request {
        Request::FetchKey | Request::Sign(_) | Request::Complete => *status == 409,
        // The store has no such multipart upload.
        Request::Put(_) => *status == 404,
        Request::Open | Request::FetchStatus | Request::Abort => false,
    }
}

//! The last requests of an upload: its completion, its abort, and a look at it when the server no
//! longer takes what belongs to it.

use super::{
    Command, Event, Outcome, Request,
    attempts::{Attempts, Turn},
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
        })
    }

    pub(super) fn on(mut self, event: Event, commands: &mut Vec<Command>) -> Phase {
        match self.attempts.turn(Request::Complete, event) {
            Turn::Again => commands.push(Command::Complete(self.complete)),
            Turn::Waits(wait) => commands.push(wait),
            Turn::Over(outcome) => return Looking::or_end(&self.upload_id, outcome, commands),
            Turn::Other(Event::Completed) => {
                return end(Outcome::Complete(self.upload_id), commands);
            }
            Turn::Other(_) => {}
        }
        Phase::Completing(self)
    }
}

/// Why an upload is taken back.
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
}

#[derive(Debug)]
pub(super) struct Aborting {
    upload_id: UploadId,
    pub(super) ending: Ending,
    attempts: Attempts,
}

impl Aborting {
    pub(super) fn begin(upload_id: UploadId, ending: Ending, commands: &mut Vec<Command>) -> Phase {
        commands.push(Command::Stop);
        commands.push(Command::Abort(upload_id.clone()));
        Phase::Aborting(Self {
            upload_id,
            ending,
            attempts: Attempts::default(),
        })
    }

    pub(super) fn on(mut self, event: Event, commands: &mut Vec<Command>) -> Phase {
        match self.attempts.turn(Request::Abort, event) {
            Turn::Again => commands.push(Command::Abort(self.upload_id.clone())),
            Turn::Waits(wait) => commands.push(wait),
            // Taken back or not, nobody waits for it: the server's sweeper ends it.
            Turn::Over(_) | Turn::Other(Event::Aborted) => {
                return end(self.ending.outcome(), commands);
            }
            Turn::Other(_) => {}
        }
        Phase::Aborting(self)
    }
}

/// Something was refused that an open upload would have been granted: is it still open?
#[derive(Debug)]
pub(super) struct Looking {
    pub(super) upload_id: UploadId,
    /// How it ends if that does not explain the refusal.
    outcome: Outcome,
    attempts: Attempts,
}

impl Looking {
    /// Ends with `outcome`, after a look at the upload where that may say more.
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
        match self.attempts.turn(Request::FetchStatus, event) {
            Turn::Again => commands.push(Command::FetchStatus(self.upload_id.clone())),
            Turn::Waits(wait) => commands.push(wait),
            Turn::Over(gone @ Outcome::Gone(_)) => return end(gone, commands),
            Turn::Over(_) => return end(self.outcome, commands),
            Turn::Other(Event::FoundComplete(upload_id)) => {
                return end(Outcome::Complete(upload_id), commands);
            }
            Turn::Other(Event::Found(found)) => {
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
            Turn::Other(_) => {}
        }
        Phase::Looking(self)
    }
}

/// Refusals that an upload gets when it was taken back, or completed, by somebody else meanwhile.
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
        // The store has no such upload.
        Request::Put(_) => *status == 404,
        Request::Open | Request::FetchStatus | Request::Abort => false,
    }
}

//! The first phase of a new upload, until the server has opened it.

use super::{
    Command, Event, Outcome, Request, Settings, Until,
    attempts::{Attempts, Meaning},
    finding::Finding,
    finishing::{Aborting, Ending},
    phase::{Phase, Session, end},
    sending::Sending,
};
use crate::retry::RequestFailure;

#[derive(Debug, Default)]
pub(super) struct Opening {
    attempts: Attempts,
    /// No request is running, and the next one waits for its back-off.
    waits: bool,
    /// The answer to a request is lost, and that request may have opened the upload.
    may_be_open: bool,
    /// Why the upload must be aborted, if that was decided before the server answered.
    ending: Option<Ending>,
}

impl Opening {
    pub(super) fn begin(mut self, commands: &mut Vec<Command>) -> Phase {
        self.waits = false;
        commands.push(Command::Open);
        Phase::Opening(self)
    }

    pub(super) fn on(
        mut self,
        event: Event,
        settings: Settings,
        commands: &mut Vec<Command>,
    ) -> Phase {
        match self.attempts.meaning(Request::Open, event) {
            Meaning::Again => self.begin(commands),
            Meaning::Waits(wait) => {
                // A request with a refused credential has opened nothing. Every other failure
                // may be a lost answer.
                self.may_be_open |= !matches!(
                    wait,
                    Command::Wait {
                        until: Until::Credential,
                        ..
                    }
                );
                if let Some(ending) = self.ending.filter(|_| !self.may_be_open) {
                    return end(ending.outcome(), commands);
                }
                commands.push(wait);
                self.waits = true;
                Phase::Opening(self)
            }
            Meaning::Over(outcome) => end(self.over(outcome), commands),
            Meaning::Other(Event::Opened {
                upload_id,
                plan,
                method,
                most_parts_per_request,
                has_key,
            }) => match self.ending {
                Some(ending) => Aborting::begin(upload_id, ending, commands),
                // An earlier request, whose answer was lost, opened the upload.
                None if !has_key => Finding::opened(upload_id).begin(commands),
                None => {
                    let session = Session {
                        upload_id,
                        plan,
                        method,
                        most_parts_per_request,
                    };
                    Sending::new(session).begin(settings, commands)
                }
            },
            // An earlier request opened the upload, and no part of it was ever signed.
            Meaning::Other(Event::Found(found)) => match self.ending {
                Some(ending) => Aborting::begin(found.upload_id, ending, commands),
                None => Finding::opened(found.upload_id.clone()).found(*found, commands),
            },
            Meaning::Other(Event::FoundComplete(upload_id)) => {
                end(Outcome::Complete(upload_id), commands)
            }
            Meaning::Other(_) => Phase::Opening(self),
        }
    }

    /// Returns whether the upload will be aborted when the answer arrives.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Returns how the upload ends when no request succeeded.
    fn over(&self, outcome: Outcome) -> Outcome {
        match self.ending {
            None => outcome,
            Some(ending) if self.may_be_open || is_lost(&outcome) => ending.after(outcome),
            Some(ending) => ending.outcome(),
        }
    }

    /// Aborts the upload. If a request may have opened it, the abort waits for the answer that names
    /// the upload.
    pub(super) fn abort(mut self, ending: Ending, commands: &mut Vec<Command>) -> Phase {
        if self.waits && !self.may_be_open {
            return end(ending.outcome(), commands);
        }
        self.ending = Some(ending);
        Phase::Opening(self)
    }

    /// Aborts the upload after a pause. It is opened first, because only the server knows whether the
    /// request before the pause has opened it.
    pub(super) fn open_and_abort(mut self, ending: Ending, commands: &mut Vec<Command>) -> Phase {
        self.ending = Some(ending);
        self.begin(commands)
    }
}

/// Returns whether the answer was lost, as opposed to a refusal.
fn is_lost(outcome: &Outcome) -> bool {
    let Outcome::Failed { failure, .. } = outcome else {
        return false;
    };
    match failure {
        RequestFailure::Status { status, .. } => *status >= 500,
        // Only a PUT fails in this way, and no PUT opens an upload.
        RequestFailure::AddressRefused { .. } => false,
        RequestFailure::Network | RequestFailure::Offline | RequestFailure::Completing { .. } => {
            true
        }
    }
}

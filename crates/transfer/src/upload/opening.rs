//! Until the server has opened the upload.

use super::{
    Command, Event, Outcome, Request, Settings,
    attempts::{Attempts, Turn},
    finding::Finding,
    finishing::{Aborting, Ending},
    phase::{Phase, Session, end},
    sending::Sending,
};

#[derive(Debug, Default)]
pub(super) struct Opening {
    attempts: Attempts,
    /// No request is under way: the next one waits for its time.
    waits: bool,
    /// Cancelled before the server answered.
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
        match self.attempts.turn(Request::Open, event) {
            Turn::Again => self.begin(commands),
            Turn::Waits(_) | Turn::Over(_) if let Some(ending) = self.ending => {
                end(ending.outcome(), commands)
            }
            Turn::Waits(wait) => {
                commands.push(wait);
                self.waits = true;
                Phase::Opening(self)
            }
            Turn::Over(outcome) => end(outcome, commands),
            Turn::Other(Event::Opened {
                upload_id,
                plan,
                method,
                most_parts_per_request,
                has_key,
            }) => match self.ending {
                Some(ending) => Aborting::begin(upload_id, ending, commands),
                // Opened by a request whose answer was lost.
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
            Turn::Other(Event::FoundComplete(upload_id)) => {
                end(Outcome::Complete(upload_id), commands)
            }
            Turn::Other(_) => Phase::Opening(self),
        }
    }

    /// Whether it is to be taken back already, when the answer comes.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    pub(super) fn take_back(mut self, ending: Ending, commands: &mut Vec<Command>) -> Phase {
        if self.waits {
            return end(ending.outcome(), commands);
        }
        // The open request is under way: what it opens is aborted when its answer comes.
        self.ending = Some(ending);
        Phase::Opening(self)
    }

    /// After a pause: only the server can say what the request before it has opened.
    pub(super) fn open_and_take_back(
        mut self,
        ending: Ending,
        commands: &mut Vec<Command>,
    ) -> Phase {
        self.ending = Some(ending);
        self.begin(commands)
    }
}

//! Fetches the status and the key of an upload that was begun earlier. A resume needs both before it
//! can compare.

use super::{
    Command, Event, FoundUpload, Outcome, Request, Resume, Settings,
    attempts::{Attempts, Meaning},
    comparing::Comparing,
    finishing::{Completing, Looking},
    phase::{Phase, Session, end},
};
use crate::api::{PartReceipt, PartReceipts, UploadId, UploadState};

/// Asks for the upload's status.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) upload_id: UploadId,
    /// The file that is chosen now, or `None` if the upload was opened for this very file.
    chosen: Option<Chosen>,
    attempts: Attempts,
}

#[derive(Debug, Clone, Copy)]
struct Chosen {
    size: u64,
    last_modified_ms: Option<i64>,
}

impl Finding {
    /// Finds an upload that was begun earlier, for a file that is chosen now.
    pub(super) fn chosen(resume: Resume) -> Self {
        let chosen = Chosen {
            size: resume.size,
            last_modified_ms: resume.last_modified_ms,
        };
        Self {
            upload_id: resume.upload_id,
            chosen: Some(chosen),
            attempts: Attempts::default(),
        }
    }

    /// Finds an upload that was just opened by a request whose answer was lost.
    pub(super) fn opened(upload_id: UploadId) -> Self {
        Self {
            upload_id,
            chosen: None,
            attempts: Attempts::default(),
        }
    }

    pub(super) fn begin(self, commands: &mut Vec<Command>) -> Phase {
        commands.push(Command::FetchStatus(self.upload_id.clone()));
        Phase::Finding(self)
    }

    pub(super) fn on(mut self, event: Event, commands: &mut Vec<Command>) -> Phase {
        match self.attempts.meaning(Request::FetchStatus, event) {
            Meaning::Again => return self.begin(commands),
            Meaning::Waits(wait) => commands.push(wait),
            Meaning::Over(outcome) => return end(outcome, commands),
            Meaning::Other(Event::Found(found)) => return self.found(*found, commands),
            Meaning::Other(Event::FoundComplete(upload_id)) => {
                return end(Outcome::Complete(upload_id), commands);
            }
            Meaning::Other(_) => {}
        }
        Phase::Finding(self)
    }

    pub(super) fn found(self, found: FoundUpload, commands: &mut Vec<Command>) -> Phase {
        match found.state {
            UploadState::Opening | UploadState::Open | UploadState::Completing => {}
            UploadState::Complete => return end(Outcome::Complete(found.upload_id), commands),
            gone @ (UploadState::Aborting | UploadState::Aborted | UploadState::Failed) => {
                return end(Outcome::Gone(gone), commands);
            }
        }
        let another_size = |chosen: Chosen| chosen.size != found.plan.plaintext_len();
        if self.chosen.is_some_and(another_size) {
            return end(Outcome::Changed { part: None }, commands);
        }
        let was_modified = self
            .chosen
            .is_some_and(|chosen| chosen.last_modified_ms != found.last_modified_ms);
        let session = Session {
            upload_id: found.upload_id,
            plan: found.plan,
            method: found.method,
            most_parts_per_request: found.most_parts_per_request,
        };
        if found.state == UploadState::Completing {
            // Nothing can be sent any more, and the server gives no key. The client that asked for the
            // completion had all parts, so asking again gives its result.
            let mut receipts = PartReceipts::default();
            for part in found.parts {
                let (number, sha256) = (part.number, part.sha256);
                if receipts.note(PartReceipt { number, sha256 }).is_err() {
                    return end(TWICE, commands);
                }
            }
            return Completing::begin(session, &receipts, commands);
        }
        match Comparing::new(session, found.parts, was_modified) {
            Ok(comparing) => Keying::new(comparing).begin(commands),
            Err(outcome) => end(outcome, commands),
        }
    }
}

const TWICE: Outcome = Outcome::Broken("the server names a part twice");

/// Asks for the key of an upload that was found.
#[derive(Debug)]
pub(super) struct Keying {
    comparing: Comparing,
    attempts: Attempts,
}

impl Keying {
    fn new(comparing: Comparing) -> Self {
        Self {
            comparing,
            attempts: Attempts::default(),
        }
    }

    pub(super) fn comparing(&self) -> &Comparing {
        &self.comparing
    }

    pub(super) fn begin(self, commands: &mut Vec<Command>) -> Phase {
        let upload_id = self.comparing.upload_id().clone();
        commands.push(Command::FetchKey(upload_id));
        Phase::Keying(self)
    }

    pub(super) fn on(
        mut self,
        event: Event,
        settings: Settings,
        commands: &mut Vec<Command>,
    ) -> Phase {
        match self.attempts.meaning(Request::FetchKey, event) {
            Meaning::Again => return self.begin(commands),
            Meaning::Waits(wait) => commands.push(wait),
            Meaning::Over(outcome) => {
                return Looking::or_end(self.comparing.upload_id(), outcome, commands);
            }
            Meaning::Other(Event::KeyFetched) => return self.comparing.begin(settings, commands),
            Meaning::Other(_) => {}
        }
        Phase::Keying(self)
    }
}

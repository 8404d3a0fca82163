//! The phases of an upload, in order. Each phase owns its data.

use super::{
    Command, Event, Outcome, Settings,
    comparing::{self, Comparing},
    finding::{Finding, Keying},
    finishing::{Aborting, Completing, Ending, Looking},
    opening::Opening,
    sending::Sending,
};
use crate::{
    api::{UploadId, open::Method},
    part_plan::{PartNumber, PartPlan},
};

#[derive(Debug)]
pub(super) enum Phase {
    Opening(Opening),
    /// Only an upload that an earlier request opened has this phase and the next three.
    Finding(Finding),
    Keying(Keying),
    Comparing(Comparing),
    /// The person is asked whether sending may begin.
    Asking(Sending),
    Sending(Sending),
    Completing(Completing),
    Aborting(Aborting),
    Looking(Looking),
    /// The inner phase continues later. Nothing of it is running.
    Paused(Box<Phase>),
    Ended,
}

/// The server's facts about an upload. They never change.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) upload_id: UploadId,
    pub(super) plan: PartPlan,
    pub(super) method: Method,
    pub(super) most_parts_per_request: u16,
}

impl Session {
    pub(super) fn plaintext_len_of(&self, part: PartNumber) -> u64 {
        self.plan.part(part).map_or(0, |part| part.plaintext_len())
    }
}

impl Settings {
    pub(super) fn most_held(self) -> usize {
        usize::from(self.most_parts_held.max(1))
    }
}

impl Phase {
    /// Begins the work of this phase, or begins it again after a pause.
    pub(super) fn begin(self, settings: Settings, commands: &mut Vec<Command>) -> Self {
        match self {
            Self::Opening(opening) => opening.begin(commands),
            Self::Finding(finding) => finding.begin(commands),
            Self::Keying(keying) => keying.begin(commands),
            Self::Comparing(comparing) => comparing.begin(settings, commands),
            Self::Asking(sending) => comparing::ask(sending, commands),
            Self::Sending(sending) => sending.begin(settings, commands),
            // These phases cannot be paused, so the code that makes them also begins them.
            Self::Completing(_) | Self::Aborting(_) | Self::Looking(_) => self,
            Self::Paused(_) | Self::Ended => self,
        }
    }

    pub(super) fn on(self, event: Event, settings: Settings, commands: &mut Vec<Command>) -> Self {
        match self {
            Self::Opening(opening) => opening.on(event, settings, commands),
            Self::Finding(finding) => finding.on(event, commands),
            Self::Keying(keying) => keying.on(event, settings, commands),
            Self::Comparing(comparing) => comparing.on(event, settings, commands),
            Self::Asking(sending) => match event {
                Event::Confirmed => sending.begin(settings, commands),
                _ => Self::Asking(sending),
            },
            Self::Sending(sending) => sending.on(event, settings, commands),
            Self::Completing(completing) => completing.on(event, commands),
            Self::Aborting(aborting) => aborting.on(event, commands),
            Self::Looking(looking) => looking.on(event, commands),
            Self::Paused(_) | Self::Ended => self,
        }
    }

    pub(super) fn pause(mut self, commands: &mut Vec<Command>) -> Self {
        match &mut self {
            Self::Opening(opening) if opening.is_ending() => return self,
            // Each of these runs one request and holds nothing.
            Self::Completing(_) | Self::Aborting(_) | Self::Looking(_) => return self,
            Self::Paused(_) | Self::Ended => return self,
            Self::Opening(_) | Self::Finding(_) | Self::Keying(_) | Self::Asking(_) => {}
            Self::Comparing(comparing) => comparing.stop(),
            Self::Sending(sending) => sending.stop(),
        }
        commands.push(Command::Stop);
        Self::Paused(Box::new(self))
    }

    pub(super) fn go_on(self, settings: Settings, commands: &mut Vec<Command>) -> Self {
        match self {
            Self::Paused(phase) => phase.begin(settings, commands),
            phase => phase,
        }
    }

    /// Aborts the upload on the server, in whatever phase it is.
    pub(super) fn abort(self, ending: Ending, commands: &mut Vec<Command>) -> Self {
        let upload_id = match self {
            Self::Opening(opening) => return opening.abort(ending, commands),
            Self::Paused(phase) => match *phase {
                Self::Opening(opening) => return opening.open_and_abort(ending, commands),
                phase => return phase.abort(ending, commands),
            },
            Self::Completing(completing) => return completing.abort(ending, commands),
            Self::Aborting(_) | Self::Ended => return self,
            Self::Finding(finding) => finding.upload_id,
            Self::Keying(keying) => keying.comparing().upload_id().clone(),
            Self::Comparing(comparing) => comparing.upload_id().clone(),
            Self::Asking(sending) | Self::Sending(sending) => sending.upload_id().clone(),
            Self::Looking(looking) => looking.upload_id,
        };
        Aborting::begin(upload_id, ending, commands)
    }

    /// Ends at once and leaves the upload as it is.
    pub(super) fn leave(self, commands: &mut Vec<Command>) -> Self {
        if matches!(self, Self::Ended) {
            return self;
        }
        commands.push(Command::Stop);
        end(Outcome::Left, commands)
    }

    pub(super) fn stored_plaintext_len(&self) -> u64 {
        match self {
            Self::Asking(sending) | Self::Sending(sending) => sending.stored_plaintext_len,
            Self::Completing(completing) => completing.plan.plaintext_len(),
            Self::Paused(phase) => phase.stored_plaintext_len(),
            _ => 0,
        }
    }

    pub(super) fn compared_plaintext_len(&self) -> u64 {
        match self {
            Self::Comparing(comparing) => comparing.compared_plaintext_len,
            Self::Asking(sending) | Self::Sending(sending) => sending.compared_plaintext_len,
            Self::Paused(phase) => phase.compared_plaintext_len(),
            _ => 0,
        }
    }

    pub(super) fn to_compare_plaintext_len(&self) -> u64 {
        match self {
            Self::Keying(keying) => keying.comparing().to_compare_plaintext_len,
            Self::Comparing(comparing) => comparing.to_compare_plaintext_len,
            Self::Asking(sending) | Self::Sending(sending) => sending.compared_plaintext_len,
            Self::Paused(phase) => phase.to_compare_plaintext_len(),
            _ => 0,
        }
    }
}

pub(super) fn end(outcome: Outcome, commands: &mut Vec<Command>) -> Phase {
    commands.push(Command::End(outcome));
    Phase::Ended
}

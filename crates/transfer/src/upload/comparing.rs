//! Seals every part that was ever signed again and compares it, before any byte is sent.

use super::{
    Command, Event, Outcome, Settings,
    phase::{Phase, Session, end},
    sending::Sending,
};
use crate::{
    api::{PartReceipt, PartStatus, UploadId},
    part_map::{PartMap, PartSet},
};

#[derive(Debug)]
pub(super) struct Comparing {
    session: Session,
    signed: PartMap<PartStatus>,
    /// Whether the time of modification differs from the one at the opening. If so, parts that are not signed
    /// yet cannot be checked.
    was_modified: bool,
    /// Parts whose comparison has not begun.
    waiting: PartSet,
    /// Parts that are being sealed again. The driver holds their bytes.
    running: PartSet,
    pub(super) compared_plaintext_len: u64,
    pub(super) to_compare_plaintext_len: u64,
}

impl Comparing {
    pub(super) fn new(
        session: Session,
        parts: Vec<PartStatus>,
        was_modified: bool,
    ) -> Result<Self, Outcome> {
        const NO_SUCH_PART: Outcome = Outcome::Broken("the server names a part that cannot be");
        let mut signed = PartMap::default();
        let mut to_compare_plaintext_len = 0_u64;
        for status in parts {
            let part = session.plan.part(status.number).ok_or(NO_SUCH_PART)?;
            if signed.insert(status.number, status).is_some() {
                return Err(NO_SUCH_PART);
            }
            to_compare_plaintext_len =
                to_compare_plaintext_len.saturating_add(part.plaintext_len());
        }
        Ok(Self {
            waiting: PartSet::of(signed.iter().map(|(part, _)| part)),
            session,
            signed,
            was_modified,
            running: PartSet::default(),
            compared_plaintext_len: 0,
            to_compare_plaintext_len,
        })
    }

    pub(super) fn upload_id(&self) -> &UploadId {
        &self.session.upload_id
    }

    /// Compares as many parts at once as the driver may hold in memory.
    pub(super) fn begin(mut self, settings: Settings, commands: &mut Vec<Command>) -> Phase {
        while self.running.len() < settings.most_held() {
            let Some((part, ())) = self.waiting.pop_first() else {
                break;
            };
            self.running.insert(part, ());
            commands.push(Command::Compare(part));
        }
        if self.running.is_empty() {
            return self.compared_all(settings, commands);
        }
        Phase::Comparing(self)
    }

    pub(super) fn on(
        mut self,
        event: Event,
        settings: Settings,
        commands: &mut Vec<Command>,
    ) -> Phase {
        let Event::Compared(receipt) = event else {
            return Phase::Comparing(self);
        };
        if self.running.remove(receipt.number).is_none() {
            return Phase::Comparing(self);
        }
        let part = receipt.number;
        let signed = self.signed.get(part);
        if signed.is_none_or(|signed| signed.sha256 != receipt.sha256) {
            return end(Outcome::Changed { part: Some(part) }, commands);
        }
        let compared = self.compared_plaintext_len;
        self.compared_plaintext_len = compared.saturating_add(self.session.plaintext_len_of(part));
        self.begin(settings, commands)
    }

    fn compared_all(self, settings: Settings, commands: &mut Vec<Command>) -> Phase {
        let signed_parts = self.signed.len();
        let leaves_parts = signed_parts < usize::from(self.session.plan.part_count().get());
        let mut sending = Sending::new(self.session);
        for (number, status) in self.signed.iter() {
            let sha256 = status.sha256;
            sending.compared(PartReceipt { number, sha256 }, status.stored);
        }
        // If nothing was signed, there is nothing that the file could contradict.
        if self.was_modified && leaves_parts && signed_parts > 0 {
            return ask(sending, commands);
        }
        sending.begin(settings, commands)
    }

    /// Returns the running parts to the waiting ones, because the driver has dropped them.
    pub(super) fn stop(&mut self) {
        while let Some((part, ())) = self.running.pop_first() {
            self.waiting.insert(part, ());
        }
    }
}

/// Asks the person whether to send the rest, which cannot be checked.
pub(super) fn ask(sending: Sending, commands: &mut Vec<Command>) -> Phase {
    commands.push(Command::AskUnchecked);
    Phase::Asking(sending)
}

//! Seals, signs and sends the parts, several at a time.

mod held;

use super::{
    Command, Event, Outcome, Request, Settings,
    attempts::without_credential,
    finishing::{Completing, Looking},
    phase::{Phase, Session},
};
use crate::{
    api::{PartReceipt, PartReceipts, SignedPart, UploadId, open::Method},
    part_map::{PartMap, PartSet},
    part_plan::PartNumber,
    retry::RequestFailure,
};
use held::{Held, Stage};

#[derive(Debug)]
pub(super) struct Sending {
    session: Session,
    /// The next part to seal, unless it is already stored; `None` after the last.
    next: Option<PartNumber>,
    held: PartMap<Held>,
    receipts: PartReceipts,
    stored: PartSet,
    pub(super) stored_plaintext_len: u64,
    pub(super) compared_plaintext_len: u64,
}

impl Sending {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            next: Some(PartNumber::FIRST),
            held: PartMap::default(),
            receipts: PartReceipts::default(),
            stored: PartSet::default(),
            stored_plaintext_len: 0,
            compared_plaintext_len: 0,
        }
    }

    /// Records a part that was signed earlier and has the same bytes now.
    pub(super) fn compared(&mut self, receipt: PartReceipt, is_stored: bool) {
        // This is the first receipt of the part, so it cannot be refused.
        let _ = self.receipts.note(receipt);
        let plaintext_len = self.session.plaintext_len_of(receipt.number);
        self.compared_plaintext_len = self.compared_plaintext_len.saturating_add(plaintext_len);
        if is_stored {
            self.is_stored(receipt.number);
        }
    }

    pub(super) fn upload_id(&self) -> &UploadId {
        &self.session.upload_id
    }

    /// Seals as many parts as the driver may hold in memory and signs those that are ready. Completes after the last.
    pub(super) fn begin(mut self, settings: Settings, commands: &mut Vec<Command>) -> Phase {
        self.seal_more(settings.most_held(), commands);
        self.sign_ready(commands);
        if self.next.is_none() && self.held.is_empty() {
            return Completing::begin(self.session, &self.receipts, commands);
        }
        Phase::Sending(self)
    }

    pub(super) fn on(
        mut self,
        event: Event,
        settings: Settings,
        commands: &mut Vec<Command>,
    ) -> Phase {
        let done = match event {
            Event::Sealed(receipt) => self.sealed(receipt),
            Event::Signed(parts) => self.signed(parts, commands),
            Event::Sent(part) => {
                self.sent(part, commands);
                Ok(())
            }
            Event::AddressEnded(part) => {
                if let Some(held) = self.held.get_mut(part) {
                    held.sign_again();
                }
                Ok(())
            }
            Event::Waited(request) => {
                self.again(&request, commands);
                Ok(())
            }
            Event::RequestFailed {
                request,
                failure,
                jitter,
            } => self.request_failed(request, failure, jitter, commands),
            Event::RefusedCredential(request) => Err(without_credential(request)),
            _ => Ok(()),
        };
        match done {
            Ok(()) => self.begin(settings, commands),
            Err(outcome) => Looking::or_end(&self.session.upload_id, outcome, commands),
        }
    }

    /// Forgets all parts that are running or held. Stored parts stay stored.
    pub(super) fn stop(&mut self) {
        self.held.clear();
        self.next = Some(PartNumber::FIRST);
    }

    fn seal_more(&mut self, most_held: usize, commands: &mut Vec<Command>) {
        while self.held.len() < most_held {
            let Some(part) = self.next else { return };
            self.next = part
                .next()
                .filter(|next| *next <= self.session.plan.part_count());
            if !self.stored.contains(part) {
                self.held.insert(part, Held::default());
                commands.push(Command::Seal(part));
            }
        }
    }

    fn sealed(&mut self, receipt: PartReceipt) -> Result<(), Outcome> {
        let Some(held) = self.held.get_mut(receipt.number) else {
            return Ok(());
        };
        if !matches!(held.stage, Stage::Sealing) {
            return Ok(());
        }
        held.stage = Stage::Sealed;
        // A part is sealed a second time after a pause, or if the store lost it. Then the receipts
        // must be equal.
        let part = Some(receipt.number);
        self.receipts
            .note(receipt)
            .map_err(|_| Outcome::Changed { part })
    }

    fn sign_ready(&mut self, commands: &mut Vec<Command>) {
        let most = usize::from(self.session.most_parts_per_request.max(1));
        let mut ready = Vec::new();
        for (part, held) in self.held.iter_mut() {
            if !matches!(held.stage, Stage::Sealed) || ready.len() >= most {
                continue;
            }
            if let Some(receipt) = self.receipts.get(part) {
                held.stage = Stage::Signing;
                ready.push(receipt);
            }
        }
        if !ready.is_empty() {
            commands.push(Command::Sign(ready));
        }
    }

    fn signed(
        &mut self,
        parts: Vec<SignedPart>,
        commands: &mut Vec<Command>,
    ) -> Result<(), Outcome> {
        const UNASKED: Outcome = Outcome::Broken("the server signed a part it was not asked for");
        for signed in parts {
            let held = self.held.get_mut(signed.number);
            let Some(held) = held.filter(|held| matches!(held.stage, Stage::Signing)) else {
                return Err(UNASKED);
            };
            held.signed(signed.clone());
            commands.push(Command::Put(signed));
        }
        Ok(())
    }

    fn sent(&mut self, part: PartNumber, commands: &mut Vec<Command>) {
        if self.held.remove(part).is_some() {
            self.is_stored(part);
            commands.push(Command::Release(part));
        }
    }

    fn is_stored(&mut self, part: PartNumber) {
        self.stored.insert(part, ());
        let plaintext_len = self.session.plaintext_len_of(part);
        self.stored_plaintext_len = self.stored_plaintext_len.saturating_add(plaintext_len);
    }

    /// Sends a request again after its wait.
    fn again(&mut self, request: &Request, commands: &mut Vec<Command>) {
        match request {
            Request::Put(part) => {
                let held = self.held.get_mut(*part);
                commands.extend(held.and_then(Held::put_again));
            }
            // The parts wait for a signature again, and the next batch includes them.
            Request::Sign(parts) => {
                for part in parts {
                    if let Some(held) = self.held.get_mut(*part)
                        && matches!(held.stage, Stage::Signing)
                    {
                        held.stage = Stage::Sealed;
                    }
                }
            }
            _ => {}
        }
    }

    fn request_failed(
        &mut self,
        request: Request,
        failure: RequestFailure,
        jitter: u16,
        commands: &mut Vec<Command>,
    ) -> Result<(), Outcome> {
        match request {
            Request::Put(part) => {
                let is_412 = matches!(failure, RequestFailure::Status { status: 412, .. });
                if is_412 && self.session.method == Method::Single {
                    // The object exists, because an attempt whose answer was lost has sent it.
                    // Completion finds out whether it is the right one.
                    self.sent(part, commands);
                } else if let Some(held) = self.held.get_mut(part) {
                    commands.extend(held.put_failed(part, failure, jitter)?);
                }
                Ok(())
            }
            Request::Sign(parts) => {
                // The part with the most failures sets the wait for the whole batch.
                let attempts = parts.iter().filter_map(|part| self.held.get(*part));
                let Some(mut attempts) = attempts.map(|held| held.signings).max() else {
                    return Ok(());
                };
                let wait = attempts.failed(Request::Sign(parts.clone()), failure, jitter)?;
                for part in &parts {
                    if let Some(held) = self.held.get_mut(*part) {
                        held.signings = attempts;
                    }
                }
                commands.push(wait);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

//! The phases of an upload; each owns its data.

use std::collections::BTreeMap;

use super::{Command, Outcome, Request};
use crate::{
    api::{
        CompleteUpload, PartReceipt, PartReceipts, Sha256, SignedPart, UploadId,
        sign::PartReceiptsError,
    },
    part_plan::{PartNumber, PartPlan},
    retry::{self, RequestFailure, Verdict},
};

#[derive(Debug)]
pub(super) enum Phase {
    Opening(Opening),
    Sending(Sending),
    Completing {
        upload_id: UploadId,
        plan: PartPlan,
        complete: CompleteUpload,
        attempt: u32,
    },
    Aborting {
        upload_id: UploadId,
        ending: Ending,
        attempt: u32,
    },
    Ended,
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
pub(super) struct Opening {
    pub(super) attempt: u32,
    /// No request is under way: the next one waits for its time.
    pub(super) backs_off: bool,
    /// Opened, but the answer that held the key was lost.
    pub(super) waits_for_key: Option<Sending>,
    /// Cancelled before the server answered.
    pub(super) ending: Option<Ending>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            attempt: 1,
            backs_off: false,
            waits_for_key: None,
            ending: None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Sending {
    pub(super) upload_id: UploadId,
    pub(super) plan: PartPlan,
    most_parts_per_request: usize,
    /// The next part to seal; `None` after the last.
    next: Option<PartNumber>,
    held: BTreeMap<PartNumber, Held>,
    receipts: PartReceipts,
    stored_plaintext_len: u64,
}

/// A part whose bytes the driver holds.
#[derive(Debug)]
struct Held {
    stage: Stage,
    /// Attempts at the request under way, from 1.
    attempt: u32,
    /// A refused signature was renewed once; a second refusal is final.
    signed_anew: bool,
}

#[derive(Debug)]
enum Stage {
    Sealing,
    Sealed,
    Signing,
    Sending(SignedPart),
}

impl Held {
    fn at(stage: Stage) -> Self {
        Self {
            stage,
            attempt: 1,
            signed_anew: false,
        }
    }

    fn go_to(&mut self, stage: Stage) {
        self.stage = stage;
        self.attempt = 1;
    }
}

impl Sending {
    pub(super) fn new(upload_id: UploadId, plan: PartPlan, most_parts_per_request: u16) -> Self {
        Self {
            upload_id,
            plan,
            most_parts_per_request: usize::from(most_parts_per_request.max(1)),
            next: Some(PartNumber::FIRST),
            held: BTreeMap::new(),
            receipts: PartReceipts::default(),
            stored_plaintext_len: 0,
        }
    }

    pub(super) fn stored_plaintext_len(&self) -> u64 {
        self.stored_plaintext_len
    }

    pub(super) fn seal_more(&mut self, most_held: u8, commands: &mut Vec<Command>) {
        while self.held.len() < usize::from(most_held) {
            let Some(part) = self.next else { return };
            self.held.insert(part, Held::at(Stage::Sealing));
            commands.push(Command::Seal(part));
            self.next = part.next().filter(|next| *next <= self.plan.part_count());
        }
    }

    pub(super) fn sealed(&mut self, receipt: PartReceipt) -> Result<(), Outcome> {
        let Some(held) = self.held.get_mut(&receipt.number) else {
            return Ok(());
        };
        if !matches!(held.stage, Stage::Sealing) {
            return Ok(());
        }
        held.go_to(Stage::Sealed);
        self.receipts
            .note(receipt)
            .map_err(|_| Outcome::Broken("a part was sealed twice to different bytes"))
    }

    pub(super) fn sign_ready(&mut self, commands: &mut Vec<Command>) {
        let mut ready = Vec::new();
        for (part, held) in &mut self.held {
            if !matches!(held.stage, Stage::Sealed) || ready.len() >= self.most_parts_per_request {
                continue;
            }
            if let Some(receipt) = self.receipts.get(*part) {
                held.stage = Stage::Signing;
                ready.push(receipt);
            }
        }
        if !ready.is_empty() {
            commands.push(Command::Sign(ready));
        }
    }

    pub(super) fn signed(
        &mut self,
        parts: Vec<SignedPart>,
        commands: &mut Vec<Command>,
    ) -> Result<(), Outcome> {
        for signed in parts {
            let held = self.held.get_mut(&signed.number);
            let Some(held) = held.filter(|held| matches!(held.stage, Stage::Signing)) else {
                return Err(Outcome::Broken(
                    "the server signed a part it was not asked for",
                ));
            };
            held.go_to(Stage::Sending(signed.clone()));
            commands.push(Command::Put(signed));
        }
        Ok(())
    }

    pub(super) fn sent(&mut self, part: PartNumber, commands: &mut Vec<Command>) {
        if self.held.remove(&part).is_some() {
            let bytes = self.plan.part(part).map_or(0, |part| part.plaintext_len());
            self.stored_plaintext_len = self.stored_plaintext_len.saturating_add(bytes);
            commands.push(Command::Release(part));
        }
    }

    pub(super) fn put_again(&mut self, part: PartNumber, commands: &mut Vec<Command>) {
        if let Some(Held {
            stage: Stage::Sending(signed),
            ..
        }) = self.held.get(&part)
        {
            commands.push(Command::Put(signed.clone()));
        }
    }

    /// Back among the parts that wait for a signature; the next batch takes them.
    pub(super) fn sign_again(&mut self, parts: &[PartNumber]) {
        for part in parts {
            if let Some(held) = self.held.get_mut(part)
                && matches!(held.stage, Stage::Signing)
            {
                held.stage = Stage::Sealed;
            }
        }
    }

    pub(super) fn request_failed(
        &mut self,
        request: Request,
        failure: RequestFailure,
        jitter: u16,
        commands: &mut Vec<Command>,
    ) -> Result<(), Outcome> {
        let parts = match &request {
            Request::Put(part) => vec![*part],
            Request::Sign(parts) => parts.clone(),
            Request::Open | Request::FetchKey | Request::Complete | Request::Abort => {
                return Ok(());
            }
        };
        let held = |part: &PartNumber| self.held.get(part);
        let attempt = parts.iter().filter_map(held).map(|held| held.attempt).max();
        let Some(attempt) = attempt else {
            return Ok(());
        };
        if let (Request::Put(part), RequestFailure::Status { status: 403, .. }) =
            (&request, failure)
            && let Some(held) = self.held.get_mut(part)
            && !held.signed_anew
        {
            // Most often the signature ran out while the bytes waited: a fresh one, same bytes.
            held.signed_anew = true;
            held.go_to(Stage::Sealed);
            return Ok(());
        }
        commands.push(try_again(request, failure, attempt, jitter)?);
        for part in parts {
            if let Some(held) = self.held.get_mut(&part) {
                held.attempt = held.attempt.saturating_add(1);
            }
        }
        Ok(())
    }

    pub(super) fn is_finished(&self) -> bool {
        self.next.is_none() && self.held.is_empty()
    }

    pub(super) fn receipts_digest(&self) -> Result<Sha256, PartReceiptsError> {
        self.receipts.digest(self.plan.part_count())
    }
}

/// The wait before another attempt, or how it ends.
pub(super) fn try_again(
    request: Request,
    failure: RequestFailure,
    attempt: u32,
    jitter: u16,
) -> Result<Command, Outcome> {
    match retry::after(failure, attempt, jitter) {
        Verdict::RetryIn { wait_ms } => Ok(Command::Wait { request, wait_ms }),
        Verdict::GiveUp => Err(Outcome::Failed { request, failure }),
    }
}

//! A part whose bytes the driver holds.

use crate::{
    api::SignedPart,
    part_plan::PartNumber,
    retry::RequestFailure,
    upload::{Command, Outcome, Request, attempts::Attempts},
};

#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) stage: Stage,
    /// At the signature under way.
    pub(super) signings: Attempts,
    puts: Attempts,
    /// The store refused a signature, and has not had another failure since.
    was_refused: bool,
}

#[derive(Debug, Default)]
pub(super) enum Stage {
    #[default]
    Sealing,
    Sealed,
    Signing,
    Sending(SignedPart),
}

impl Held {
    pub(super) fn signed(&mut self, signed: SignedPart) {
        self.stage = Stage::Sending(signed);
        self.signings = Attempts::default();
    }

    pub(super) fn put_again(&self) -> Option<Command> {
        match &self.stage {
            Stage::Sending(signed) => Some(Command::Put(signed.clone())),
            _ => None,
        }
    }

    /// The wait before the same bytes are sent again; `None` where a fresh signature comes first.
    pub(super) fn put_failed(
        &mut self,
        part: PartNumber,
        failure: RequestFailure,
        jitter: u16,
    ) -> Result<Option<Command>, Outcome> {
        if !matches!(self.stage, Stage::Sending(_)) {
            return Ok(None);
        }
        let is_refused = matches!(failure, RequestFailure::Status { status: 403, .. });
        if is_refused && !self.was_refused {
            // Most often the signature ran out while the bytes waited. Refusing a fresh one is
            // final.
            self.was_refused = true;
            self.stage = Stage::Sealed;
            return Ok(None);
        }
        let wait = self.puts.failed(Request::Put(part), failure, jitter)?;
        self.was_refused = false;
        Ok(Some(wait))
    }
}

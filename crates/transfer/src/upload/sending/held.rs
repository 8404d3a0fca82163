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
    /// Attempts at the current signature.
    pub(super) signings: Attempts,
    puts: Attempts,
    /// The store refused an address, and no PUT has failed in another way since.
    was_refused: bool,
    /// The last PUT got no answer, so that its address is in doubt.
    is_in_doubt: bool,
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

    /// Returns the next PUT after the wait for a failed one, or `None` if the part needs a fresh
    /// signature first.
    pub(super) fn put_again(&mut self) -> Option<Command> {
        if self.is_in_doubt {
            self.sign_again();
        }
        match &self.stage {
            Stage::Sending(signed) => Some(Command::Put(signed.clone())),
            _ => None,
        }
    }

    /// Drops the address. The same bytes wait for another one.
    pub(super) fn sign_again(&mut self) {
        if matches!(self.stage, Stage::Sending(_)) {
            self.stage = Stage::Sealed;
        }
        self.is_in_doubt = false;
    }

    /// Returns the wait before the same bytes are sent again, or `None` if they need a fresh signature
    /// first.
    ///
    /// No address that may be dead is used twice. A store that refuses an address before it has read a
    /// large body answers and closes, and the sender sees only a broken connection. Therefore a PUT
    /// without an answer gets a fresh signature after its wait, like a PUT whose address was refused.
    pub(super) fn put_failed(
        &mut self,
        part: PartNumber,
        failure: RequestFailure,
        jitter: u16,
    ) -> Result<Option<Command>, Outcome> {
        if !matches!(self.stage, Stage::Sending(_)) {
            return Ok(None);
        }
        let is_refused = matches!(failure, RequestFailure::AddressRefused { .. });
        if is_refused && !self.was_refused {
            // In most cases the signature ended while the bytes waited. If a fresh one is refused too,
            // that is final.
            self.was_refused = true;
            self.sign_again();
            return Ok(None);
        }
        let wait = self.puts.failed(Request::Put(part), failure, jitter)?;
        self.was_refused = false;
        self.is_in_doubt = matches!(failure, RequestFailure::Network);
        Ok(Some(wait))
    }
}

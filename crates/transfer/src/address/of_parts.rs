//! The addresses of one upload's parts, as a driver keeps them.

use super::{Life, Moment};
use crate::{PartNumber, api::SignedPart};

/// The addresses of one upload's parts. A `Permit` allows one PUT.
///
/// Only a few parts are signed and not yet stored at a time, so lists are fast enough. A tree would
/// add kilobytes to the module that a page loads.
#[derive(Debug)]
pub struct Addresses<Permit> {
    /// The life of the last address of each part.
    lives: Vec<(PartNumber, Life)>,
    /// Permits of parts whose address ended before their PUT began. Each permit waits here for the
    /// next address of its part.
    kept_permits: Vec<(PartNumber, Permit)>,
}

/// The life of the address that one PUT is sent to.
#[derive(Debug)]
pub struct Address<Permit> {
    /// The life, or `None` if nothing is known about the address.
    pub life: Option<Life>,
    /// The permit that an earlier PUT of this part kept. Its address is fresh and is used without a
    /// check, because otherwise addresses with a short life would be renewed for ever.
    pub kept_permit: Option<Permit>,
}

impl<Permit> Address<Permit> {
    /// Returns whether the address is known to have ended at `now`.
    #[must_use]
    pub fn has_ended(&self, now: Moment) -> bool {
        self.life.is_some_and(|life| life.has_ended(now))
    }
}

impl<Permit> Default for Addresses<Permit> {
    fn default() -> Self {
        Self {
            lives: Vec::new(),
            kept_permits: Vec::new(),
        }
    }
}

impl<Permit> Addresses<Permit> {
    /// Records the lives of addresses that were asked for at `asked_at`.
    pub fn signed(&mut self, parts: &[SignedPart], asked_at: Moment) {
        for part in parts {
            self.release(part.number);
            self.lives.push((part.number, part.life(asked_at)));
        }
    }

    /// Keeps the permit of a PUT that was not sent for the next PUT of the same part.
    pub fn keep_permit(&mut self, part: PartNumber, permit: Permit) {
        self.signatures_wait(&[part]);
        self.kept_permits.push((part, permit));
    }

    /// Returns the address for the next PUT of this part, with the permit that was kept for it.
    pub fn of_put(&mut self, part: PartNumber) -> Address<Permit> {
        let life = self.lives.iter().find(|(number, _)| *number == part);
        let kept = self
            .kept_permits
            .iter()
            .position(|(number, _)| *number == part);
        Address {
            life: life.map(|(_, life)| *life),
            kept_permit: kept.map(|at| self.kept_permits.swap_remove(at).1),
        }
    }

    /// Gives the permits of these parts back, because their next signatures must wait.
    pub fn signatures_wait(&mut self, parts: &[PartNumber]) {
        self.kept_permits
            .retain(|(number, _)| !parts.contains(number));
    }

    /// Forgets the address of a part, for example because the store now has the part.
    pub fn release(&mut self, part: PartNumber) {
        self.lives.retain(|(number, _)| *number != part);
    }
}

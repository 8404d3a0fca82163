//! The presigned addresses of the parts, as the driver knows them.

use sealift_transfer::{
    PartNumber,
    address::{Life, Moment},
    api::SignedPart,
};

use crate::{allowance::Share, browser::moment, short_map::ShortMap};

/// The addresses of one upload's parts.
#[derive(Default)]
pub(super) struct Addresses {
    /// The life of the last address of each part.
    lives: ShortMap<PartNumber, Life>,
    /// Permits of parts whose address ended before their PUT began. Each permit waits here for the
    /// next address of its part.
    kept_permits: ShortMap<PartNumber, Share>,
}

/// The life of the address that one PUT is sent to.
pub(super) struct Address {
    pub(super) life: Option<Life>,
    /// The permit of an earlier PUT of this part. The address has just come then, and is used as
    /// it is: otherwise addresses with a short life would be renewed for ever.
    pub(super) kept_permit: Option<Share>,
}

impl Address {
    pub(super) fn has_ended(&self) -> bool {
        self.life.is_some_and(|life| life.has_ended(moment()))
    }
}

impl Addresses {
    /// Notes the lives of addresses that were asked for at `asked_at`.
    pub(super) fn signed(&mut self, parts: &[SignedPart], asked_at: Moment) {
        for part in parts {
            self.lives.insert(part.number, part.life(asked_at));
        }
    }

    /// Keeps the permit of a PUT that was not sent for the next PUT of the same part.
    pub(super) fn keep_permit(&mut self, part: PartNumber, permit: Share) {
        self.kept_permits.insert(part, permit);
    }

    pub(super) fn of_put(&mut self, part: PartNumber) -> Address {
        Address {
            life: self.lives.get(&part).copied(),
            kept_permit: self.kept_permits.remove(&part),
        }
    }

    /// Gives the permits of these parts back, because their next signatures must wait.
    pub(super) fn signatures_wait(&mut self, parts: &[PartNumber]) {
        for part in parts {
            self.kept_permits.remove(part);
        }
    }

    /// Forgets a part that the store has taken.
    pub(super) fn release(&mut self, part: PartNumber) {
        self.lives.remove(&part);
    }
}

#[cfg(test)]
mod tests;

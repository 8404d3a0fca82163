//! The limit on concurrent reads. Each read holds memory (a long one up to three pieces, 24 MiB) and
//! connections to the store, for as long as its reader fetches a little now and then. The limit is
//! counted in memory, per server.

use sealift_transfer::api::FileId;

use super::slots::{NoSlot, Permit, Slots};
use crate::{config::Limits, records::Scope};

/// The limiter of reads.
#[derive(Debug)]
pub(crate) struct Reads {
    slots: Slots<ReadFor>,
    most_of_owner: u32,
    most_of_ticket: u32,
}

/// The holder against whose limit a read counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ReadFor {
    Owner(Scope),
    /// All tickets of this file. They do not count against the owner, because a link that is passed on
    /// must not use up the owner's limit.
    TicketsOf(FileId),
}

/// The error if `most` reads are in progress, which is the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyReads {
    pub(crate) most: u32,
}

/// The permit for one read. It counts until it is dropped.
pub(crate) type ReadPermit = Permit<ReadFor>;

impl Reads {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            slots: Slots::new(limits.all_reads_at_once),
            most_of_owner: limits.reads_at_once,
            most_of_ticket: limits.ticket_reads_at_once,
        }
    }

    /// Takes a slot for one read.
    ///
    /// # Errors
    /// Returns [`TooManyReads`] if no slot is free.
    pub(crate) fn begin(&self, read_for: ReadFor) -> Result<ReadPermit, TooManyReads> {
        let most = match read_for {
            ReadFor::Owner(_) => self.most_of_owner,
            ReadFor::TicketsOf(_) => self.most_of_ticket,
        };
        let permit = self.slots.take(read_for, most);
        permit.map_err(|NoSlot { most }| TooManyReads { most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn owner(name: &str) -> ReadFor {
        ReadFor::Owner(Scope {
            tenant: "acme".parse().unwrap(),
            owner: name.parse().unwrap(),
        })
    }

    fn tickets_of(file: u8) -> ReadFor {
        ReadFor::TicketsOf(FileId::from_random([file; 16]))
    }

    #[test]
    fn owners_and_the_tickets_of_a_file_have_reads_of_their_own() {
        let limits = Limits {
            reads_at_once: 2,
            ticket_reads_at_once: 1,
            ..Config::load(&Sources::default()).unwrap().limits
        };
        let reads = Reads::new(&limits);
        let first = reads.begin(owner("ann")).unwrap();
        let second = reads.begin(owner("ann")).unwrap();
        assert_eq!(reads.begin(owner("ann")).unwrap_err().most, 2);
        let _bobs = reads.begin(owner("bob")).unwrap();
        let of_one = reads.begin(tickets_of(1)).unwrap();
        assert_eq!(reads.begin(tickets_of(1)).unwrap_err().most, 1);
        let _of_other = reads.begin(tickets_of(2)).unwrap();

        drop(first);
        let _again = reads.begin(owner("ann")).unwrap();
        drop(of_one);
        let _of_one_again = reads.begin(tickets_of(1)).unwrap();
        drop(second);
    }

    #[test]
    fn all_of_them_together_have_so_many_and_no_more() {
        let limits = Limits {
            all_reads_at_once: 2,
            ..Config::load(&Sources::default()).unwrap().limits
        };
        let reads = Reads::new(&limits);
        let first = reads.begin(owner("ann")).unwrap();
        let _second = reads.begin(owner("bob")).unwrap();
        for third in [owner("ann"), owner("bob"), tickets_of(1)] {
            assert_eq!(reads.begin(third).unwrap_err().most, 2);
        }
        drop(first);
        let _third = reads.begin(owner("bob")).unwrap();
    }

    #[test]
    fn who_reads_nothing_is_forgotten() {
        let reads = Reads::new(&Config::load(&Sources::default()).unwrap().limits);
        drop(reads.begin(owner("ann")).unwrap());
        assert!(reads.slots.are_free());
    }
}

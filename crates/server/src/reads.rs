//! The limit on concurrent reads. Each read holds memory (a long one up to three pieces, 24 MiB) and
//! connections to the store, for as long as its reader fetches a little now and then. The limit is
//! counted in memory, per server.

use sealift_transfer::api::FileId;

use crate::{
    caller::{Caller, Via},
    config::Limits,
    places::{NoPlace, Place, Places},
    records::Scope,
};

/// The limiter of reads.
#[derive(Debug)]
pub(crate) struct Reads {
    places: Places<ReadFor>,
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
pub(crate) type ReadPermit = Place<ReadFor>;

impl Reads {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            places: Places::new(limits.all_reads_at_once),
            most_of_owner: limits.reads_at_once,
            most_of_ticket: limits.ticket_reads_at_once,
        }
    }

    /// Takes a slot for one read of this file.
    ///
    /// # Errors
    /// Returns [`TooManyReads`] if no slot is free.
    pub(crate) fn begin(
        &self,
        caller: &Caller,
        file_id: &FileId,
    ) -> Result<ReadPermit, TooManyReads> {
        let (read_for, most) = match caller.via {
            Via::Ticket => (ReadFor::TicketsOf(file_id.clone()), self.most_of_ticket),
            Via::ApiKey | Via::Loopback => {
                (ReadFor::Owner(caller.scope.clone()), self.most_of_owner)
            }
        };
        let permit = self.places.take(read_for, most);
        permit.map_err(|NoPlace { most }| TooManyReads { most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Sources},
        records::Roles,
    };

    fn caller(owner: &str, via: Via) -> Caller {
        Caller {
            scope: Scope {
                tenant: "acme".parse().unwrap(),
                owner: owner.parse().unwrap(),
            },
            roles: Roles::ALL,
            via,
            request_id: None,
        }
    }

    #[test]
    fn owners_and_the_tickets_of_a_file_have_reads_of_their_own() {
        let limits = Limits {
            reads_at_once: 2,
            ticket_reads_at_once: 1,
            ..Config::load(&Sources::default()).unwrap().limits
        };
        let reads = Reads::new(&limits);
        let [one, other] = [1, 2].map(|byte| FileId::from_random([byte; 16]));
        let (ann, bob) = (caller("ann", Via::ApiKey), caller("bob", Via::ApiKey));
        let link = caller("ann", Via::Ticket);
        let first = reads.begin(&ann, &one).unwrap();
        let second = reads.begin(&ann, &other).unwrap();
        assert_eq!(reads.begin(&ann, &one).unwrap_err().most, 2);
        let _bobs = reads.begin(&bob, &one).unwrap();
        let of_one = reads.begin(&link, &one).unwrap();
        assert_eq!(reads.begin(&link, &one).unwrap_err().most, 1);
        let _of_other = reads.begin(&link, &other).unwrap();

        drop(first);
        let _again = reads.begin(&ann, &one).unwrap();
        drop(of_one);
        let _of_one_again = reads.begin(&link, &one).unwrap();
        drop(second);
    }

    #[test]
    fn all_of_them_together_have_so_many_and_no_more() {
        let limits = Limits {
            all_reads_at_once: 2,
            ..Config::load(&Sources::default()).unwrap().limits
        };
        let reads = Reads::new(&limits);
        let file = FileId::from_random([1; 16]);
        let [ann, bob] = ["ann", "bob"].map(|owner| caller(owner, Via::ApiKey));
        let first = reads.begin(&ann, &file).unwrap();
        let _second = reads.begin(&bob, &file).unwrap();
        for third in [&ann, &bob, &caller("eve", Via::Ticket)] {
            assert_eq!(reads.begin(third, &file).unwrap_err().most, 2);
        }
        drop(first);
        let _third = reads.begin(&bob, &file).unwrap();
    }

    #[test]
    fn who_reads_nothing_is_forgotten() {
        let reads = Reads::new(&Config::load(&Sources::default()).unwrap().limits);
        let file = FileId::from_random([1; 16]);
        drop(reads.begin(&caller("ann", Via::ApiKey), &file).unwrap());
        assert!(reads.places.are_free());
    }
}

//! How often one owner may ask for what costs: counted in memory, per server.

use core::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use sealift_transfer::api::FileId;

use crate::{config::Limits, records::Scope};

/// The limiters.
#[derive(Debug)]
pub(crate) struct Rates {
    opens: DefaultKeyedRateLimiter<Scope>,
    keys: DefaultKeyedRateLimiter<Scope>,
    looks: DefaultKeyedRateLimiter<Scope>,
    signs: DefaultKeyedRateLimiter<Scope>,
    completions: DefaultKeyedRateLimiter<Scope>,
    verifications: DefaultKeyedRateLimiter<Scope>,
    /// Keys of files, of an owner; of each file that is read with tickets.
    file_keys: DefaultKeyedRateLimiter<(Scope, Option<FileId>)>,
    tickets: DefaultKeyedRateLimiter<Scope>,
    /// Of an owner; of everybody who is not known, together.
    denials: DefaultKeyedRateLimiter<Option<Scope>>,
}

/// Requests in a minute, of an owner that opens few files, which are large: their status or the list,
/// again and again while they are resumed; signatures for their parts; completion, until it is done.
const LEAST_LOOKS: u32 = 600;
const LEAST_SIGNS: u32 = 6_000;
const LEAST_COMPLETIONS: u32 = 3_000;
/// Requests more for every file that may be opened: small files need one signature and one
/// completion, and some of both are asked for again.
const LOOKS_PER_OPEN: u32 = 1;
const SIGNS_PER_OPEN: u32 = 2;
const COMPLETIONS_PER_OPEN: u32 = 2;
/// Each reads a whole file, so it does not grow with the files that may be opened.
const VERIFICATIONS: u32 = 300;
/// Links are made by people, and are kept.
const MOST_TICKETS: u32 = 300;

/// Asked for too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooSoon {
    /// Seconds to wait.
    pub(crate) wait_s: u64,
}

/// Audit rows of denials kept in a second, for each owner.
const MOST_DENIALS: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        let per_minute =
            |count: u32| Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        let with_opens = |least: u32, per_open: u32| {
            let more = limits.opens_per_minute.saturating_mul(per_open);
            RateLimiter::keyed(per_minute(least.saturating_add(more)))
        };
        Self {
            looks: with_opens(LEAST_LOOKS, LOOKS_PER_OPEN),
            signs: with_opens(LEAST_SIGNS, SIGNS_PER_OPEN),
            completions: with_opens(LEAST_COMPLETIONS, COMPLETIONS_PER_OPEN),
            verifications: RateLimiter::keyed(per_minute(VERIFICATIONS)),
            opens: RateLimiter::keyed(per_minute(limits.opens_per_minute)),
            keys: RateLimiter::keyed(per_minute(limits.keys_per_minute)),
            file_keys: RateLimiter::keyed(per_minute(limits.keys_per_minute)),
            tickets: RateLimiter::keyed(per_minute(limits.keys_per_minute.min(MOST_TICKETS))),
            denials: RateLimiter::keyed(Quota::per_second(MOST_DENIALS)),
        }
    }

    /// # Errors
    /// [`TooSoon`] where the owner opens uploads faster than it may.
    pub(crate) fn open(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.opens, scope)
    }

    /// # Errors
    /// [`TooSoon`] where the owner asks for keys faster than it may.
    pub(crate) fn key(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.keys, scope)
    }

    /// # Errors
    /// [`TooSoon`] where the owner asks for the state of uploads, or for the list of them, faster
    /// than it may: the store is asked for each.
    pub(crate) fn look(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.looks, scope)
    }

    /// # Errors
    /// [`TooSoon`] where the owner asks for signatures faster than it may.
    pub(crate) fn sign(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.signs, scope)
    }

    /// # Errors
    /// [`TooSoon`] where the owner asks for completion faster than it may.
    pub(crate) fn complete(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.completions, scope)
    }

    /// # Errors
    /// [`TooSoon`] where the owner asks for files to be verified again faster than it may: each is
    /// read whole.
    pub(crate) fn verify(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.verifications, scope)
    }

    /// # Errors
    /// [`TooSoon`] where the owner, or whoever reads this file with tickets, asks for keys of files
    /// faster than it may.
    pub(crate) fn open_file(
        &self,
        scope: &Scope,
        with_ticket: Option<&FileId>,
    ) -> Result<(), TooSoon> {
        check(&self.file_keys, &(scope.clone(), with_ticket.cloned()))
    }

    /// # Errors
    /// [`TooSoon`] where the owner makes tickets faster than it may.
    pub(crate) fn ticket(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.tickets, scope)
    }

    /// Whether another audit row of what this owner, or somebody unknown, was refused is kept.
    pub(crate) fn denial_may_be_kept(&self, scope: Option<&Scope>) -> bool {
        check(&self.denials, &scope.cloned()).is_ok()
    }
}

/// Owners remembered before those are dropped that may ask again anyway.
const MOST_OWNERS: usize = 10_000;

fn check<K: Clone + Eq + Hash>(
    limiter: &DefaultKeyedRateLimiter<K>,
    scope: &K,
) -> Result<(), TooSoon> {
    if limiter.len() > MOST_OWNERS {
        limiter.retain_recent();
    }
    limiter.check_key(scope).map_err(|not_yet| {
        let wait = not_yet.wait_time_from(limiter.clock().now());
        let wait_s = wait.saturating_add(Duration::from_millis(999)).as_secs();
        TooSoon {
            wait_s: wait_s.max(1),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    #[test]
    fn resuming_signing_and_completing_are_bounded_for_each_owner_but_not_tightly() {
        let mut limits = Config::load(&Sources::default()).unwrap().limits;
        limits.opens_per_minute = 1;
        let rates = Rates::new(&limits);
        let of = |owner: &str| Scope {
            tenant: "acme".parse().unwrap(),
            owner: owner.parse().unwrap(),
        };
        type Ask = fn(&Rates, &Scope) -> Result<(), TooSoon>;
        let asks: [Ask; 3] = [Rates::look, Rates::sign, Rates::complete];
        for (ask, least) in asks.into_iter().zip([600, 6000, 3000]) {
            let (ann, bob) = (of("ann"), of("bob"));
            // Some come back while they are counted.
            let taken = (0..10 * least).take_while(|_| ask(&rates, &ann).is_ok());
            let taken = taken.count();
            assert!((least..10 * least).contains(&taken), "{taken}");
            assert_eq!(ask(&rates, &bob), Ok(()));
        }
    }

    #[test]
    fn an_owner_may_open_sign_and_complete_a_hundred_files_a_second_by_default() {
        let rates = Rates::new(&Config::load(&Sources::default()).unwrap().limits);
        let ann = Scope {
            tenant: "acme".parse().unwrap(),
            owner: "ann".parse().unwrap(),
        };
        for _ in 0..6_000 {
            for ask in [Rates::open, Rates::key, Rates::sign, Rates::complete] {
                assert_eq!(ask(&rates, &ann), Ok(()));
            }
        }
    }

    #[test]
    fn strangers_do_not_use_up_what_is_kept_of_an_owners_denials() {
        let limits = Config::load(&Sources::default()).unwrap().limits;
        let rates = Rates::new(&limits);
        let ann = Scope {
            tenant: "acme".parse().unwrap(),
            owner: "ann".parse().unwrap(),
        };
        while rates.denial_may_be_kept(None) {}
        assert!(rates.denial_may_be_kept(Some(&ann)));
    }
}

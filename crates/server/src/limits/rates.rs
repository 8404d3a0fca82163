//! Rate limits on requests that are expensive, per owner. They count in memory, per server.

use core::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use sealift_transfer::api::FileId;

use crate::{config::Limits, records::Scope};

/// The rate limiters, one for each kind of request.
#[derive(Debug)]
pub(crate) struct Rates {
    opens: DefaultKeyedRateLimiter<Scope>,
    keys: DefaultKeyedRateLimiter<Scope>,
    looks: DefaultKeyedRateLimiter<Scope>,
    signs: DefaultKeyedRateLimiter<Scope>,
    completions: DefaultKeyedRateLimiter<Scope>,
    verifications: DefaultKeyedRateLimiter<Scope>,
    /// Content keys of files: counted per owner, and separately per file that is read with tickets.
    file_keys: DefaultKeyedRateLimiter<(Scope, Option<FileId>)>,
    tickets: DefaultKeyedRateLimiter<Scope>,
    /// Audit rows of denials: counted per owner, and together for all callers that are not known.
    denials: DefaultKeyedRateLimiter<Option<Scope>>,
}

/// The requests per minute that an owner may make who opens few, large files: to ask for their status
/// or the list again and again while they resume, to get signatures for their parts, and to complete
/// until that succeeds.
const LEAST_LOOKS: u32 = 600;
const LEAST_SIGNS: u32 = 6_000;
const LEAST_COMPLETIONS: u32 = 3_000;
/// The additional requests for every file that may be opened per minute. A small file needs one
/// signature and one completion, and some of both are repeated.
const LOOKS_PER_OPEN: u32 = 1;
const SIGNS_PER_OPEN: u32 = 2;
const COMPLETIONS_PER_OPEN: u32 = 2;
/// The verifications per minute. Each reads a whole file, so this does not grow with the number of
/// files that may be opened.
const VERIFICATIONS: u32 = 300;
/// The tickets per minute. People make them, and each is a row that is stored.
const MOST_TICKETS: u32 = 300;

/// The error for a request that came too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooSoon {
    /// The seconds to wait until the next request.
    pub(crate) wait_s: u64,
}

/// The audit rows of denials that are written per second for each owner.
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

    /// Counts the opening of an upload.
    ///
    /// # Errors
    /// Returns [`TooSoon`] if the owner opens uploads too fast.
    pub(crate) fn open(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.opens, scope)
    }

    /// Counts a request for the content key of an upload.
    ///
    /// # Errors
    /// Returns [`TooSoon`] if the owner asks for keys too fast.
    pub(crate) fn key(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.keys, scope)
    }

    /// Counts a request for the state of an upload, for the list of unfinished uploads, or for a search
    /// in file names.
    ///
    /// # Errors
    /// Returns [`TooSoon`] if the owner sends such requests too fast. They are expensive: a state asks
    /// the store, and a search opens many sealed names.
    pub(crate) fn look(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.looks, scope)
    }

    /// Counts a request for signatures.
    ///
    /// # Errors
    /// Returns [`TooSoon`] if the owner asks for signatures too fast.
    pub(crate) fn sign(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.signs, scope)
    }

    /// Counts a request for completion.
    ///
    /// # Errors
    /// Returns [`TooSoon`] if the owner asks for completion too fast.
    pub(crate) fn complete(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.completions, scope)
    }

    /// Counts a request to verify a file again.
    ///
    /// # Errors
    /// Returns [`TooSoon`] if the owner asks too fast for files to be verified again. Each is read
    /// whole.
    pub(crate) fn verify(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.verifications, scope)
    }

    /// Counts a request for the content key of a file.
    ///
    /// # Errors
    /// Returns [`TooSoon`] if the owner asks for keys of files too fast. Readers of this file with
    /// tickets have a limit of their own.
    pub(crate) fn open_file(
        &self,
        scope: &Scope,
        with_ticket: Option<&FileId>,
    ) -> Result<(), TooSoon> {
        check(&self.file_keys, &(scope.clone(), with_ticket.cloned()))
    }

    /// Counts the making of a ticket.
    ///
    /// # Errors
    /// Returns [`TooSoon`] if the owner makes tickets too fast.
    pub(crate) fn ticket(&self, scope: &Scope) -> Result<(), TooSoon> {
        check(&self.tickets, scope)
    }

    /// Returns true if another denial of this owner, or of an unknown caller, may be written to the
    /// audit.
    pub(crate) fn denial_may_be_kept(&self, scope: Option<&Scope>) -> bool {
        check(&self.denials, &scope.cloned()).is_ok()
    }
}

/// When more owners than this are remembered, a limiter drops those that have their whole limit again.
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
            // Some permits come back during the count.
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

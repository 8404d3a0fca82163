//! How often one owner may ask for what costs: counted in memory, per server.

use core::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};

use crate::{config::Limits, records::Scope};

/// The limiters.
#[derive(Debug)]
pub(crate) struct Rates {
    opens: DefaultKeyedRateLimiter<Scope>,
    keys: DefaultKeyedRateLimiter<Scope>,
    /// Of an owner; of everybody who is not known, together.
    denials: DefaultKeyedRateLimiter<Option<Scope>>,
}

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
        Self {
            opens: RateLimiter::keyed(per_minute(limits.opens_per_minute)),
            keys: RateLimiter::keyed(per_minute(limits.keys_per_minute)),
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

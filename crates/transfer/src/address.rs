//! How long an address, which is a presigned URL, can be used by the clocks of the machine that uses it.
//!
//! The server says how long an address lasts from the moment of its answer. The machine counts
//! from the moment at which it asked, so the time that the answer takes only makes the life shorter.
//! The difference between the server's clock and this machine's clock plays no part.

mod of_parts;

pub use of_parts::{Address, Addresses};

/// The two clocks of a machine, read at the same moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since the Unix epoch. This clock counts while the machine sleeps, but a
    /// person or the network may set it forward or back.
    pub wall_ms: i64,
    /// Milliseconds since any fixed moment. Nobody sets this clock, but on some systems it stands
    /// still while the machine sleeps.
    pub steady_ms: u64,
}

impl Moment {
    /// Returns the milliseconds from `self` to `now`: the larger value of the two clocks, because each
    /// clock can miss time. An address that counts as too old only costs a request for another one.
    #[must_use]
    pub fn age_ms(self, now: Self) -> u64 {
        let by_wall = now.wall_ms.saturating_sub(self.wall_ms);
        let by_steady = now.steady_ms.saturating_sub(self.steady_ms);
        u64::try_from(by_wall).unwrap_or(0).max(by_steady)
    }
}

/// The longest life of an address that the server signs.
const LONGEST_MS: u64 = 15 * 60 * 1000;
/// The shortest life of an address whose answer gives only the time of its end. That time is
/// compared with a clock that may be far ahead of the server's clock.
const SHORTEST_UNSURE_MS: u64 = 90 * 1000;
/// An address is not used in its last minute, because the store's clock may be ahead of the
/// server's clock by as much.
const MARGIN_MS: u64 = 60 * 1000;

/// The life of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    asked_at: Moment,
    lasts_ms: u64,
}

impl Life {
    /// Returns the life of an address that was asked for at `asked_at`. `expires_in_ms` and
    /// `expires_at_ms` come from the answer.
    #[must_use]
    pub fn new(asked_at: Moment, expires_in_ms: Option<u64>, expires_at_ms: i64) -> Self {
        let lasts_ms = expires_in_ms.unwrap_or_else(|| {
            // A server of an earlier version gives the end by its own clock only.
            let left_ms = expires_at_ms.saturating_sub(asked_at.wall_ms);
            u64::try_from(left_ms).unwrap_or(0).max(SHORTEST_UNSURE_MS)
        });
        Self {
            asked_at,
            lasts_ms: lasts_ms.min(LONGEST_MS),
        }
    }

    /// Returns whether the address has ended, or is so near its end that a store may call it ended.
    #[must_use]
    pub fn has_ended(&self, now: Moment) -> bool {
        // A short life, which credentials that end soon cause, has a margin of a quarter.
        let margin_ms = MARGIN_MS.min(self.lasts_ms.div_euclid(4));
        self.age_ms(now).saturating_add(margin_ms) >= self.lasts_ms
    }

    /// Returns the milliseconds since the address was asked for.
    #[must_use]
    pub fn age_ms(&self, now: Moment) -> u64 {
        self.asked_at.age_ms(now)
    }

    /// Returns the milliseconds for which the address lasts in all.
    #[must_use]
    pub fn lasts_ms(&self) -> u64 {
        self.lasts_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60 * 1000;
    const ASKED_AT: Moment = Moment {
        wall_ms: 1_780_000_000_000,
        steady_ms: 5_000,
    };

    /// Returns a moment that is that many milliseconds later by each clock.
    fn later(wall_ms: i64, steady_ms: u64) -> Moment {
        Moment {
            wall_ms: ASKED_AT.wall_ms.saturating_add(wall_ms),
            steady_ms: ASKED_AT.steady_ms.saturating_add(steady_ms),
        }
    }

    fn both(ms: u64) -> Moment {
        later(i64::try_from(ms).unwrap(), ms)
    }

    #[test]
    fn an_address_is_not_used_in_its_last_minute_nor_later() {
        let life = Life::new(ASKED_AT, Some(15 * MINUTE), 0);
        for (ms, has_ended) in [
            (0, false),
            (14 * MINUTE - 1, false),
            (14 * MINUTE, true),
            (16 * MINUTE, true),
            (u64::from(u32::MAX), true),
        ] {
            assert_eq!(life.has_ended(both(ms)), has_ended, "{ms}");
        }
    }

    #[test]
    fn a_short_life_has_a_short_margin_and_none_has_ended_at_once() {
        let life = Life::new(ASKED_AT, Some(60_000), 0);
        assert!(!life.has_ended(both(44_999)));
        assert!(life.has_ended(both(45_000)));
        assert!(Life::new(ASKED_AT, Some(0), 0).has_ended(ASKED_AT));
    }

    #[test]
    fn a_relative_life_does_not_depend_on_the_difference_of_the_clocks() {
        // The server's end lies years before or after this machine's time.
        for expires_at_ms in [i64::MIN, 0, ASKED_AT.wall_ms, i64::MAX] {
            let life = Life::new(ASKED_AT, Some(15 * MINUTE), expires_at_ms);
            assert!(!life.has_ended(both(13 * MINUTE)), "{expires_at_ms}");
            assert!(life.has_ended(both(14 * MINUTE)), "{expires_at_ms}");
        }
    }

    #[test]
    fn whichever_clock_counted_more_says_how_old_an_address_is() {
        let life = Life::new(ASKED_AT, Some(15 * MINUTE), 0);
        // The machine slept, and its steady clock stood still.
        assert!(life.has_ended(later(20 * 60_000, 1_000)));
        // Somebody set the wall clock back, by a little or by years.
        assert!(life.has_ended(later(-60_000, 20 * MINUTE)));
        assert!(life.has_ended(later(i64::MIN, 20 * MINUTE)));
        assert!(!life.has_ended(later(-60_000, 1_000)));
        // Somebody set the wall clock forward: the address counts as ended, and the next one
        // counts from the new time.
        let forward = later(3_600_000, 1_000);
        assert!(life.has_ended(forward));
        assert!(!Life::new(forward, Some(15 * MINUTE), 0).has_ended(forward));
    }

    #[test]
    fn without_a_relative_life_the_end_is_believed_within_bounds_only() {
        for (expires_at_ms, lasts_ms) in [
            (ASKED_AT.wall_ms + 300_000, 300_000),
            // This machine's clock is far ahead of the server's clock, or far behind it.
            (0, SHORTEST_UNSURE_MS),
            (i64::MIN, SHORTEST_UNSURE_MS),
            (i64::MAX, LONGEST_MS),
        ] {
            let life = Life::new(ASKED_AT, None, expires_at_ms);
            assert_eq!(life.lasts_ms(), lasts_ms, "{expires_at_ms}");
        }
    }
}

//! The times of the server.

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

/// A time of the server's clock, in milliseconds since the Unix epoch. The arithmetic saturates,
/// because a row of the database may hold any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct UnixMillis(i64);

impl UnixMillis {
    /// A time after all others.
    pub const MAX: Self = Self(i64::MAX);

    /// Makes the time from milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Returns the time that is this much later.
    #[must_use]
    pub fn later_by(self, by: Duration) -> Self {
        Self(self.0.saturating_add(whole_ms(by)))
    }

    /// Returns the time that is this much earlier.
    #[must_use]
    pub fn earlier_by(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(whole_ms(by)))
    }

    /// Returns how much later this time is than `earlier`: nothing if it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let ms = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }
}

impl From<SystemTime> for UnixMillis {
    /// Converts a time of this machine. A time before the epoch becomes the epoch.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH);
        Self(since.map_or(0, whole_ms))
    }
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn times_saturate_at_their_ends() {
        let time = UnixMillis::from_ms(5);
        assert_eq!(time.later_by(SECOND), UnixMillis::from_ms(1005));
        assert_eq!(time.earlier_by(SECOND), UnixMillis::from_ms(-995));
        assert_eq!(UnixMillis::MAX.later_by(SECOND), UnixMillis::MAX);
        let least = UnixMillis::from_ms(i64::MIN);
        assert_eq!(least.earlier_by(Duration::MAX), least);
    }

    #[test]
    fn what_is_not_later_is_later_by_nothing() {
        let (early, late) = (UnixMillis::from_ms(-500), UnixMillis::from_ms(500));
        assert_eq!(late.since(early), SECOND);
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn a_time_of_the_machine_is_counted_from_the_epoch() {
        assert_eq!(UnixMillis::from(UNIX_EPOCH + SECOND).get(), 1000);
        assert_eq!(UnixMillis::from(UNIX_EPOCH - SECOND).get(), 0);
    }
}

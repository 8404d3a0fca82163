//! Decides how many parts are sent at once: more while PUTs succeed, half after a failure that too
//! many PUTs at once may have caused. Each side has its own upper bound, because a browser opens few
//! connections to an origin, and a native program as many as it wants.

use crate::retry::RequestFailure;

/// The number of PUTs at once at the start.
const AT_FIRST: u8 = 4;

/// Limits how many PUTs may run at once, over all uploads of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parallelism {
    limit: u8,
    most_puts: u8,
    /// PUTs that succeeded since the number last changed.
    sent: u8,
    /// PUTs that were running when the number was halved. Their failures have the same cause, so they
    /// do not count again.
    excused: u8,
}

impl Parallelism {
    /// Starts a limiter that never allows more than `limit` PUTs, but always at least 1.
    #[must_use]
    pub fn at_most(limit: u8) -> Self {
        let limit = limit.max(1);
        Self {
            limit,
            most_puts: AT_FIRST.min(limit),
            sent: 0,
            excused: 0,
        }
    }

    /// Returns how many PUTs may run now; at least 1.
    #[must_use]
    pub fn most_puts(&self) -> u8 {
        self.most_puts
    }

    /// Records that a PUT succeeded. Two rounds of successes raise the number by one.
    pub fn sent(&mut self) {
        self.excused = self.excused.saturating_sub(1);
        self.sent = self.sent.saturating_add(1);
        if self.sent >= self.most_puts.saturating_mul(2) {
            self.sent = 0;
            self.most_puts = self.most_puts.saturating_add(1).min(self.limit);
        }
    }

    /// Records that a PUT failed. A stalled PUT counts as [`RequestFailure::Network`].
    pub fn failed(&mut self, failure: RequestFailure) {
        if self.excused > 0 {
            self.excused = self.excused.saturating_sub(1);
            return;
        }
        if !may_be_congestion(failure) {
            return;
        }
        self.excused = self.most_puts.saturating_sub(1);
        self.sent = 0;
        self.most_puts = self.most_puts.div_euclid(2).max(1);
    }
}

/// Returns whether too many PUTs at once may have caused the failure. A refusal and a missing network
/// have other causes.
fn may_be_congestion(failure: RequestFailure) -> bool {
    match failure {
        RequestFailure::Network => true,
        RequestFailure::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
        RequestFailure::Offline
        | RequestFailure::Completing { .. }
        | RequestFailure::AddressRefused { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW_DOWN: RequestFailure = RequestFailure::Status {
        status: 503,
        retry_after_ms: None,
    };

    fn sent(parallelism: &mut Parallelism, times: u8) -> u8 {
        for _ in 0..times {
            parallelism.sent();
        }
        parallelism.most_puts()
    }

    #[test]
    fn it_begins_with_four_and_grows_to_its_limit_while_all_goes_well() {
        for limit in [5, 10, 16] {
            let mut parallelism = Parallelism::at_most(limit);
            assert_eq!(sent(&mut parallelism, 7), 4);
            assert_eq!(sent(&mut parallelism, 1), 5);
            assert_eq!(sent(&mut parallelism, 255), limit);
            assert_eq!(sent(&mut parallelism, 255), limit);
        }
    }

    #[test]
    fn it_keeps_to_its_limit_and_never_stops() {
        let mut parallelism = Parallelism::at_most(2);
        assert_eq!(sent(&mut parallelism, 100), 2);
        for _ in 0..100 {
            parallelism.failed(RequestFailure::Network);
        }
        assert_eq!(parallelism.most_puts(), 1);
        assert_eq!(Parallelism::at_most(0).most_puts(), 1);
    }

    #[test]
    fn puts_that_fail_together_halve_it_once() {
        let mut parallelism = Parallelism::at_most(5);
        for _ in 0..4 {
            parallelism.failed(RequestFailure::Network);
        }
        assert_eq!(parallelism.most_puts(), 2);
        parallelism.failed(SLOW_DOWN);
        assert_eq!(parallelism.most_puts(), 1);
        // The other of the two PUTs is excused. Then the number recovers step by step.
        parallelism.failed(SLOW_DOWN);
        assert_eq!(sent(&mut parallelism, 2), 2);
        assert_eq!(sent(&mut parallelism, 4), 3);
    }

    #[test]
    fn what_fewer_at_once_would_not_help_changes_nothing() {
        let mut parallelism = Parallelism::at_most(5);
        for status in [400, 403, 404, 412] {
            parallelism.failed(RequestFailure::Status {
                status,
                retry_after_ms: None,
            });
        }
        parallelism.failed(RequestFailure::Offline);
        assert_eq!(parallelism.most_puts(), 4);
    }
}

//! The time and waiting. The server takes its clock as an argument, so that tests can let seven days
//! pass.

use core::{fmt, time::Duration};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::sync::watch;

/// A clock. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    Runs(Arc<dyn Fn() -> i64 + Send + Sync>),
    ByHand(watch::Receiver<i64>),
}

impl Clock {
    /// Returns the clock of this machine.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, |since| {
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            })
        })
    }

    /// Makes a clock that runs by itself from a function that returns milliseconds since the Unix
    /// epoch.
    #[must_use]
    pub fn from_fn(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Kind::Runs(Arc::new(now_ms)))
    }

    /// Makes a clock that stands still until its hand is moved. A task that sleeps on it waits for the
    /// hand.
    #[must_use]
    pub fn by_hand(now_ms: i64) -> (Self, ClockHand) {
        let (hand, shown) = watch::channel(now_ms);
        (Self(Kind::ByHand(shown)), ClockHand(hand))
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Kind::Runs(now_ms) => now_ms(),
            Kind::ByHand(shown) => *shown.borrow(),
        }
    }

    /// Waits until `wait` has passed on this clock.
    pub(crate) async fn sleep(&self, wait: Duration) {
        match &self.0 {
            Kind::Runs(_) => tokio::time::sleep(wait).await,
            Kind::ByHand(shown) => {
                let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                let end_ms = self.now_ms().saturating_add(wait_ms);
                let mut shown = shown.clone();
                if shown.wait_for(|now_ms| *now_ms >= end_ms).await.is_err() {
                    // The hand is gone, so this time will never come.
                    core::future::pending::<()>().await;
                }
            }
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

/// Moves a [`Clock`] that stands still.
#[derive(Debug)]
pub struct ClockHand(watch::Sender<i64>);

impl ClockHand {
    /// Moves the clock forward by `ms` milliseconds.
    pub fn forward(&self, ms: i64) {
        self.0
            .send_modify(|now_ms| *now_ms = now_ms.saturating_add(ms));
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn who_waits_by_a_clock_that_stands_waits_for_its_hand() {
        let (clock, hand) = Clock::by_hand(5);
        let mut waiting = Box::pin(clock.sleep(Duration::from_millis(10)));
        assert!(waiting.as_mut().now_or_never().is_none());
        hand.forward(9);
        assert!(waiting.as_mut().now_or_never().is_none());
        hand.forward(1);
        waiting.await;
        assert_eq!(clock.now_ms(), 15);
    }
}

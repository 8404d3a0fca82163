//! The time and waiting. The server takes its clock as an argument, so that tests can let seven days
//! pass.

use core::{fmt, time::Duration};
use std::{sync::Arc, time::SystemTime};

use tokio::sync::watch;

use crate::unix_millis::UnixMillis;

/// A clock. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    Runs(Arc<dyn Fn() -> UnixMillis + Send + Sync>),
    ByHand(watch::Receiver<UnixMillis>),
}

impl Clock {
    /// Returns the clock of this machine.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(|| SystemTime::now().into())
    }

    /// Makes a clock that runs by itself from a function that returns its time.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Kind::Runs(Arc::new(now)))
    }

    /// Makes a clock that stands still until its hand is moved. A task that sleeps on it waits for the
    /// hand.
    #[must_use]
    pub fn by_hand(now: UnixMillis) -> (Self, ClockHand) {
        let (hand, shown) = watch::channel(now);
        (Self(Kind::ByHand(shown)), ClockHand(hand))
    }

    /// Returns the time that this clock shows.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        match &self.0 {
            Kind::Runs(now) => now(),
            Kind::ByHand(shown) => *shown.borrow(),
        }
    }

    /// Waits until `wait` has passed on this clock.
    pub(crate) async fn sleep(&self, wait: Duration) {
        match &self.0 {
            Kind::Runs(_) => tokio::time::sleep(wait).await,
            Kind::ByHand(shown) => {
                let end = self.now().later_by(wait);
                let mut shown = shown.clone();
                if shown.wait_for(|now| *now >= end).await.is_err() {
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
pub struct ClockHand(watch::Sender<UnixMillis>);

impl ClockHand {
    /// Moves the clock forward by `ms` milliseconds.
    pub fn forward(&self, ms: i64) {
        self.0
            .send_modify(|now| *now = UnixMillis::from_ms(now.get().saturating_add(ms)));
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn who_waits_by_a_clock_that_stands_waits_for_its_hand() {
        let (clock, hand) = Clock::by_hand(UnixMillis::from_ms(5));
        let mut waiting = Box::pin(clock.sleep(Duration::from_millis(10)));
        assert!(waiting.as_mut().now_or_never().is_none());
        hand.forward(9);
        assert!(waiting.as_mut().now_or_never().is_none());
        hand.forward(1);
        waiting.await;
        assert_eq!(clock.now(), UnixMillis::from_ms(15));
    }
}

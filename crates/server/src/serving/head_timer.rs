//! Limits how long a connection may be idle, and how long a request's head may take. hyper has one
//! timeout for both, so this timer checks whether bytes arrived.

use core::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures::future::BoxFuture;
use hyper::rt::{Sleep, Timer};

use super::connection::ConnectionState;
use crate::clock::Clock;

/// How long a request's head may take. A slower client loses its connection.
pub(super) const LONGEST_HEAD: Duration = Duration::from_secs(30);

/// The timer of one connection's request heads.
pub(super) struct HeadTimer {
    pub(super) connection: Arc<ConnectionState>,
    pub(super) clock: Clock,
    pub(super) longest_idle: Duration,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(Waiting::new(&self.connection, &self.clock, duration))
    }

    /// Returns the idle timeout. hyper calls this when it begins to wait for a request, and passes
    /// the deadline of a head; that deadline counts only from the head's first byte on.
    fn sleep_until(&self, _deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(self.longest_idle)
    }
}

/// A wait that ends after the idle time or, once a head has begun, after the time for a head.
struct Waiting {
    connection: Arc<ConnectionState>,
    clock: Clock,
    reads_before: u64,
    has_begun: bool,
    /// The wait. The mutex is there only because hyper shares the timer between threads, though it
    /// polls from one.
    time: Mutex<BoxFuture<'static, ()>>,
}

impl Waiting {
    fn new(connection: &Arc<ConnectionState>, clock: &Clock, longest_idle: Duration) -> Self {
        Self {
            reads_before: connection.reads(),
            connection: Arc::clone(connection),
            clock: clock.clone(),
            has_begun: false,
            time: time(clock, longest_idle),
        }
    }
}

fn time(clock: &Clock, wait: Duration) -> Mutex<BoxFuture<'static, ()>> {
    let clock = clock.clone();
    Mutex::new(Box::pin(async move { clock.sleep(wait).await }))
}

impl Future for Waiting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // hyper polls this after every read of the socket.
        if !self.has_begun && self.connection.reads() != self.reads_before {
            self.has_begun = true;
            self.time = time(&self.clock, LONGEST_HEAD);
        }
        let time = self.time.get_mut().unwrap_or_else(PoisonError::into_inner);
        time.as_mut().poll(cx)
    }
}

impl Sleep for Waiting {}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_connection_may_be_idle_for_longer_than_a_head_may_take() {
        let (clock, hand) = Clock::by_hand(0);
        let connection = Arc::new(ConnectionState::default());
        let timer = HeadTimer {
            connection: Arc::clone(&connection),
            clock,
            longest_idle: Duration::from_secs(75),
        };
        let mut idle = timer.sleep_until(Instant::now());
        assert!(idle.as_mut().now_or_never().is_none());
        hand.forward(74_999);
        assert!(idle.as_mut().now_or_never().is_none());
        hand.forward(1);
        assert!(idle.as_mut().now_or_never().is_some());

        // The first byte arrives late, and then the head gets its own time.
        let mut head = timer.sleep_until(Instant::now());
        assert!(head.as_mut().now_or_never().is_none());
        hand.forward(74_000);
        connection.note_read();
        assert!(head.as_mut().now_or_never().is_none());
        for _ in 0..29 {
            hand.forward(1_000);
            // More bytes of the head do not extend the time.
            connection.note_read();
            assert!(head.as_mut().now_or_never().is_none());
        }
        hand.forward(1_000);
        assert!(head.as_mut().now_or_never().is_some());
    }
}

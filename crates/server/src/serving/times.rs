//! The times after which connections are closed.

use core::time::Duration;

use crate::clock::Clock;

/// The clocks and the limit by which connections are closed.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    /// The clock for timeouts during a request and while a connection closes.
    pub(crate) clock: Clock,
    /// The clock for idle connections. It is the machine's clock, because a test that moves its own
    /// clock by minutes would close the connections that it uses.
    pub(crate) idle_clock: Clock,
    /// How long a connection without a request stays open.
    pub(crate) longest_idle: Duration,
}

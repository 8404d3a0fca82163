//! Closes a connection whose other side takes no more bytes. The bytes still to be sent hold
//! memory, a read permit and connections to the store, and a stop of the server would wait for
//! them.

use core::{
    task::{Context, Poll, ready},
    time::Duration,
};
use std::io;

use futures::future::BoxFuture;

use crate::clock::Clock;

/// How long a reader may take nothing before it loses its connection. A player that pauses a film
/// for longer continues with a `Range` request.
pub(crate) const LONGEST_STANDSTILL: Duration = Duration::from_secs(5 * 60);

/// Ends a write with [`io::ErrorKind::TimedOut`] if nothing could be written for [`LONGEST_STANDSTILL`]. The
/// time runs only while there is something to write.
pub(super) struct Patience {
    clock: Clock,
    /// The running timeout, while the socket takes nothing.
    wait: Option<BoxFuture<'static, ()>>,
}

impl Patience {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, wait: None }
    }

    /// Returns the result of a write, or `TimedOut` if the write has waited for too long.
    pub(super) fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.wait = None;
            return written;
        }
        let clock = &self.clock;
        let wait = self.wait.get_or_insert_with(|| {
            let clock = clock.clone();
            Box::pin(async move { clock.sleep(LONGEST_STANDSTILL).await })
        });
        ready!(wait.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        serving::{Times, socket::PatientSocket},
        unix_millis::UnixMillis,
    };

    #[tokio::test]
    async fn only_a_reader_that_takes_nothing_at_all_is_given_up() {
        let (clock, hand) = Clock::by_hand(UnixMillis::from_ms(0));
        let (socket, mut reader) = tokio::io::duplex(4);
        let times = Times {
            idle_clock: clock.clone(),
            longest_idle: Duration::MAX,
            clock,
        };
        let stop = CancellationToken::new();
        let mut connection = PatientSocket::new(socket, &Arc::default(), &times, &stop);
        let longest_ms = i64::try_from(LONGEST_STANDSTILL.as_millis()).unwrap();
        // Nothing is to be written, so no time runs.
        hand.forward(2 * longest_ms);
        connection.write_all(b"full").await.unwrap();
        for taken in [b"fu", b"ll"] {
            let mut more = Box::pin(connection.write_all(b"ab"));
            assert!(more.as_mut().now_or_never().is_none());
            hand.forward(longest_ms - 1);
            assert!(more.as_mut().now_or_never().is_none());
            let mut two = [0; 2];
            reader.read_exact(&mut two).await.unwrap();
            assert_eq!(&two, taken);
            more.await.unwrap();
        }
        let mut more = Box::pin(connection.write_all(b"ab"));
        assert!(more.as_mut().now_or_never().is_none());
        hand.forward(longest_ms);
        let ended = more.await.unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
    }
}

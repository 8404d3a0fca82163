//! Closes a connection that waits for a request for too long, or whose request's head takes too long.
//! It does so for HTTP/1.1 and HTTP/2, with or without TLS, because it looks only at the socket and at
//! whether a request is running.

use core::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use std::{io, sync::Arc};

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, ReadBuf};

use super::{Times, connection::ConnectionState};
use crate::clock::Clock;

/// How long a request's head may take. A slower client loses its connection.
const LONGEST_HEAD: Duration = Duration::from_secs(30);

/// Ends a read with [`io::ErrorKind::TimedOut`] when the connection was idle for too long.
pub(super) struct IdleLimit {
    connection: Arc<ConnectionState>,
    clock: Clock,
    longest_idle: Duration,
    /// The requests that there were when the wait began.
    requests_before: usize,
    /// Whether bytes of the next request have arrived.
    has_begun: bool,
    /// The running timeout, while no request runs.
    wait: Option<BoxFuture<'static, ()>>,
}

impl IdleLimit {
    pub(super) fn new(connection: Arc<ConnectionState>, times: &Times) -> Self {
        Self {
            connection,
            clock: times.idle_clock.clone(),
            longest_idle: times.longest_idle,
            requests_before: 0,
            has_begun: false,
            wait: None,
        }
    }

    pub(super) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        socket: &mut S,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.notice_requests();
        let before = into.filled().len();
        let read = Pin::new(socket).poll_read(cx, into);
        if read.is_ready() {
            if into.filled().len() > before {
                self.note_bytes();
            }
            return read;
        }
        ready!(self.poll_timeout(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Starts over when a request has come since.
    fn notice_requests(&mut self) {
        let requests = self.connection.requests();
        if self.connection.is_busy() || requests != self.requests_before {
            self.requests_before = requests;
            self.has_begun = false;
            self.wait = None;
        }
    }

    /// Notes the first bytes of a head, which from then on has its own time. Over HTTP/2 they may be of
    /// any frame, such as a PING of an idle client, so that the time of an idle connection goes on.
    fn note_bytes(&mut self) {
        let connection = &self.connection;
        if !connection.is_busy() && !connection.speaks_http_2() && !self.has_begun {
            self.has_begun = true;
            self.wait = None;
        }
    }

    /// Ready when the wait for a request, or for the rest of its head, was too long.
    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.connection.poll_is_busy(cx) {
            return Poll::Pending;
        }
        let longest = match self.has_begun {
            true => LONGEST_HEAD,
            false => self.longest_idle,
        };
        let clock = &self.clock;
        let wait = self.wait.get_or_insert_with(|| {
            let clock = clock.clone();
            Box::pin(async move { clock.sleep(longest).await })
        });
        wait.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use http::Version;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{clock::ClockHand, serving::socket::PatientSocket, unix_millis::UnixMillis};

    struct Idle {
        server: PatientSocket<DuplexStream>,
        client: DuplexStream,
        connection: Arc<ConnectionState>,
        hand: ClockHand,
    }

    fn idle() -> Idle {
        let (clock, hand) = Clock::by_hand(UnixMillis::from_ms(0));
        let (server, client) = tokio::io::duplex(64);
        let connection = Arc::new(ConnectionState::default());
        let times = Times {
            clock: Clock::system(),
            idle_clock: clock,
            longest_idle: Duration::from_secs(75),
        };
        Idle {
            server: PatientSocket::new(server, &connection, &times, &CancellationToken::new()),
            client,
            connection,
            hand,
        }
    }

    impl Idle {
        /// The bytes that one read gives, or `None` while nothing comes.
        fn read(&mut self) -> Option<io::Result<usize>> {
            self.server.read(&mut [0; 8]).now_or_never()
        }

        fn send(&mut self) {
            let sent = self.client.write_all(b"GET ").now_or_never();
            sent.unwrap().unwrap();
            assert_eq!(self.read().unwrap().unwrap(), 4);
        }

        fn is_closed(&mut self) -> bool {
            self.read().is_some_and(|read| {
                assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
                true
            })
        }
    }

    #[tokio::test]
    async fn a_connection_may_be_idle_for_longer_than_a_head_may_take() {
        let mut idle = idle();
        assert!(!idle.is_closed());
        idle.hand.forward(74_999);
        assert!(!idle.is_closed());
        idle.hand.forward(1);
        assert!(idle.is_closed());
    }

    #[tokio::test]
    async fn a_head_has_its_own_time_which_more_bytes_do_not_extend() {
        let mut idle = idle();
        assert!(!idle.is_closed());
        idle.hand.forward(74_000);
        for _ in 0..30 {
            idle.send();
            assert!(!idle.is_closed());
            idle.hand.forward(1_000);
        }
        assert!(idle.is_closed());
    }

    #[tokio::test]
    async fn no_time_runs_during_a_request_and_a_new_wait_begins_after_it() {
        let mut idle = idle();
        idle.send();
        let running = idle.connection.begin(Version::HTTP_11);
        assert!(!idle.is_closed());
        idle.hand.forward(1_000_000);
        assert!(!idle.is_closed());
        drop(running);
        assert!(!idle.is_closed());
        idle.hand.forward(74_999);
        assert!(!idle.is_closed());
        idle.hand.forward(1);
        assert!(idle.is_closed());
    }

    #[tokio::test]
    async fn frames_of_an_idle_http_2_connection_neither_shorten_nor_extend_its_time() {
        let mut idle = idle();
        idle.send();
        drop(idle.connection.begin(Version::HTTP_2));
        assert!(!idle.is_closed());
        for _ in 0..7 {
            idle.hand.forward(10_000);
            idle.send();
            assert!(!idle.is_closed());
        }
        idle.hand.forward(5_000);
        assert!(idle.is_closed());
    }

    #[tokio::test]
    async fn a_read_that_began_during_a_request_notices_its_end() {
        let mut idle = idle();
        idle.send();
        let running = idle.connection.begin(Version::HTTP_11);
        let mut server = idle.server;
        let read = tokio::spawn(async move { server.read(&mut [0; 8]).await });
        tokio::task::yield_now().await;
        // Nothing but this wakes the read.
        drop(running);
        for _ in 0..100 {
            tokio::task::yield_now().await;
            idle.hand.forward(1_000);
        }
        tokio::task::yield_now().await;
        assert!(read.is_finished());
        assert_eq!(
            read.await.unwrap().unwrap_err().kind(),
            io::ErrorKind::TimedOut
        );
    }
}

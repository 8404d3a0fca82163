//! Reads on for a while from a connection that closes while its client still sends. The kernel
//! resets a connection that is closed with unread bytes, and a reset destroys the answer that the
//! client has not read yet.

use core::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use std::{io, sync::Arc};

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::connection::ConnectionState;
use crate::clock::Clock;

/// The most bytes that are discarded: twice the largest part that is sealed in memory, because a
/// store that refuses a part must be able to say so.
pub(crate) const MOST_DISCARDED_BYTES: u64 = 128 * 1024 * 1024;
/// How long a client may go on sending before it loses its connection.
pub(crate) const LONGEST_LINGER: Duration = Duration::from_secs(30);
/// A client that sends nothing for this long has read its answer.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);
/// A server that stops waits no longer than this. It uses the machine's clock, because the stop of
/// a test must not wait for the test's clock.
const LONGEST_AT_STOP: Duration = Duration::from_secs(1);
/// Bytes of one read.
const CHUNK: usize = 16 * 1024;

/// Shuts a socket down: first it ends our side, then it reads and discards.
pub(super) struct Lingering {
    connection: Arc<ConnectionState>,
    clock: Clock,
    stop: CancellationToken,
    closing: Closing,
}

enum Closing {
    Open,
    Discarding(Discarding),
    Over,
}

struct Discarding {
    /// Whether the client is known to be sending.
    is_sending: bool,
    left: u64,
    end: BoxFuture<'static, ()>,
    silence: BoxFuture<'static, ()>,
    chunk: Box<[u8]>,
}

impl Lingering {
    pub(super) fn new(
        connection: Arc<ConnectionState>,
        clock: Clock,
        stop: CancellationToken,
    ) -> Self {
        Self {
            connection,
            clock,
            stop,
            closing: Closing::Open,
        }
    }

    pub(super) fn poll_shutdown<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        socket: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match &mut self.closing {
                Closing::Open => {
                    // The client sees the end of the stream after its answer, even while it is
                    // still sending.
                    ready!(Pin::new(&mut *socket).poll_shutdown(cx))?;
                    self.closing = Closing::Discarding(self.discarding());
                }
                Closing::Discarding(discarding) => {
                    ready!(discarding.poll(socket, &self.clock, cx));
                    self.closing = Closing::Over;
                }
                Closing::Over => return Poll::Ready(Ok(())),
            }
        }
    }

    fn discarding(&self) -> Discarding {
        let (clock, stop) = (self.clock.clone(), self.stop.clone());
        let end = async move {
            tokio::select! {
                () = clock.sleep(LONGEST_LINGER) => {}
                () = stop.cancelled() => tokio::time::sleep(LONGEST_AT_STOP).await,
            }
        };
        Discarding {
            is_sending: self.connection.leaves_unread(),
            left: MOST_DISCARDED_BYTES,
            end: Box::pin(end),
            silence: silence(&self.clock),
            chunk: vec![0; CHUNK].into(),
        }
    }
}

fn silence(clock: &Clock) -> BoxFuture<'static, ()> {
    let clock = clock.clone();
    Box::pin(async move { clock.sleep(LONGEST_SILENCE).await })
}

impl Discarding {
    /// Discards what arrives. Ready when the client has stopped sending, or when a limit is
    /// reached.
    fn poll<S: AsyncRead + Unpin>(
        &mut self,
        socket: &mut S,
        clock: &Clock,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            let mut chunk = ReadBuf::new(&mut self.chunk);
            let read = Pin::new(&mut *socket).poll_read(cx, &mut chunk);
            match (read, u64::try_from(chunk.filled().len()).unwrap_or(0)) {
                (Poll::Ready(Err(_)), _) | (Poll::Ready(Ok(())), 0) => return Poll::Ready(()),
                (Poll::Ready(Ok(())), len) => {
                    self.is_sending = true;
                    self.silence = silence(clock);
                    match self.left.checked_sub(len) {
                        Some(left) => self.left = left,
                        None => return Poll::Ready(()),
                    }
                }
                (Poll::Pending, _) if !self.is_sending => return Poll::Ready(()),
                (Poll::Pending, _) => {
                    if self.silence.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                    return self.end.as_mut().poll(cx);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;
    use crate::{
        clock::ClockHand,
        serving::{Times, socket::PatientSocket},
        unix_millis::UnixMillis,
    };

    const ROOM: usize = 64 * 1024;

    struct Closed {
        server: PatientSocket<DuplexStream>,
        client: DuplexStream,
        hand: ClockHand,
        stop: CancellationToken,
    }

    fn closed(leaves_unread: bool) -> Closed {
        let (clock, hand) = Clock::by_hand(UnixMillis::from_ms(0));
        let (socket, client) = duplex(ROOM);
        let (connection, stop) = (
            Arc::new(ConnectionState::default()),
            CancellationToken::new(),
        );
        if leaves_unread {
            connection.leave_unread();
        }
        let times = Times {
            idle_clock: clock.clone(),
            longest_idle: Duration::MAX,
            clock,
        };
        Closed {
            server: PatientSocket::new(socket, &connection, &times, &stop),
            client,
            hand,
            stop,
        }
    }

    /// Yields, because the runtime stops a test that reads and writes much without a pause.
    async fn refresh() {
        tokio::task::yield_now().await;
    }

    #[tokio::test]
    async fn a_connection_without_an_unread_body_closes_at_once() {
        let mut closed = closed(false);
        assert!(closed.server.shutdown().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_client_that_still_sends_reads_the_end_and_is_read_on() {
        for leaves_unread in [true, false] {
            let Closed {
                mut server,
                mut client,
                hand,
                ..
            } = closed(leaves_unread);
            let mut closing = Box::pin(server.shutdown());
            if leaves_unread {
                assert!(closing.as_mut().now_or_never().is_none());
            }
            // The sum is longer than a client may be silent, and shorter than it may send.
            for _ in 0..7 {
                client
                    .write_all(&[1; ROOM])
                    .now_or_never()
                    .unwrap()
                    .unwrap();
                assert!(closing.as_mut().now_or_never().is_none());
                hand.forward(4_000);
                refresh().await;
            }
            let mut nothing = [0];
            assert_eq!(client.read(&mut nothing).await.unwrap(), 0);
            drop(client);
            closing.await.unwrap();
        }
    }

    #[tokio::test]
    async fn silence_length_and_size_end_the_reading() {
        let Closed {
            mut server,
            hand,
            client,
            ..
        } = closed(true);
        let mut closing = Box::pin(server.shutdown());
        assert!(closing.as_mut().now_or_never().is_none());
        hand.forward(4_999);
        assert!(closing.as_mut().now_or_never().is_none());
        hand.forward(1);
        assert!(closing.now_or_never().is_some());
        drop(client);

        let Closed {
            mut server,
            hand,
            mut client,
            ..
        } = closed(true);
        let mut closing = Box::pin(server.shutdown());
        let mut seconds = 0;
        while closing.as_mut().now_or_never().is_none() {
            client.write_all(&[1]).now_or_never().unwrap().unwrap();
            hand.forward(1_000);
            seconds += 1;
            refresh().await;
        }
        assert!((30..=32).contains(&seconds), "{seconds}");

        let Closed {
            mut server,
            hand: _hand,
            mut client,
            ..
        } = closed(true);
        let mut closing = Box::pin(server.shutdown());
        let mut sent = 0;
        while closing.as_mut().now_or_never().is_none() {
            client
                .write_all(&[1; ROOM])
                .now_or_never()
                .unwrap()
                .unwrap();
            sent += ROOM;
            refresh().await;
        }
        assert_eq!(u64::try_from(sent).unwrap(), MOST_DISCARDED_BYTES + 65_536);
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_the_hand_of_a_clock() {
        let Closed {
            mut server,
            hand: _hand,
            stop,
            client: _client,
        } = closed(true);
        stop.cancel();
        server.shutdown().await.unwrap();
    }
}

//! Closes a connection whose other side takes no more bytes. The bytes still to be sent hold
//! memory, a read permit and connections to the store, and a stop of the server would wait for
//! them.

use core::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use std::io::{self, IoSlice};

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::Clock;

/// How long a reader may take nothing before it loses its connection. A player that pauses a film
/// for longer continues with a `Range` request.
pub(crate) const LONGEST_STANDSTILL: Duration = Duration::from_secs(5 * 60);

/// A connection that ends with [`io::ErrorKind::TimedOut`] if nothing could be written to it for
/// [`LONGEST_STANDSTILL`]. The time runs only while there is something to write.
pub(super) struct Patient<S> {
    socket: S,
    clock: Clock,
    /// The running timeout, while the socket takes nothing.
    patience: Option<BoxFuture<'static, ()>>,
}

impl<S> Patient<S> {
    pub(super) fn new(socket: S, clock: Clock) -> Self {
        Self {
            socket,
            clock,
            patience: None,
        }
    }

    /// Returns the result of a write, or `TimedOut` if the write has waited for too long.
    fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.patience = None;
            return written;
        }
        let clock = &self.clock;
        let patience = self.patience.get_or_insert_with(|| {
            let clock = clock.clone();
            Box::pin(async move { clock.sleep(LONGEST_STANDSTILL).await })
        });
        ready!(patience.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::unix_millis::UnixMillis;

    #[tokio::test]
    async fn only_a_reader_that_takes_nothing_at_all_is_given_up() {
        let (clock, hand) = Clock::by_hand(UnixMillis::from_ms(0));
        let (socket, mut reader) = tokio::io::duplex(4);
        let mut connection = Patient::new(socket, clock);
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

//! A connection to a client that the proxy can cut at any byte of the answer.

use core::{
    pin::Pin,
    task::{Context, Poll},
};
use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::lock;

/// Holds where a connection is to be cut, if at all.
#[derive(Debug, Default)]
pub(super) struct Cut(Mutex<CutAt>);

#[derive(Debug, Clone, Copy, Default)]
struct CutAt {
    /// Bytes that may still be sent. `None` means no limit.
    left: Option<u64>,
    /// Whether the connection ends by a reset instead of a clean close.
    by_reset: bool,
}

impl Cut {
    /// Sends no more bytes and resets the connection as soon as it is dropped.
    pub(super) fn reset(&self) {
        self.after(0, true);
    }

    /// Sends everything, but ends the connection by a reset.
    pub(super) fn reset_at_end(&self) {
        *lock(&self.0) = CutAt {
            left: None,
            by_reset: true,
        };
    }

    /// Sends this many bytes, then ends the connection.
    pub(super) fn after(&self, bytes: u64, by_reset: bool) {
        *lock(&self.0) = CutAt {
            left: Some(bytes),
            by_reset,
        };
    }

    /// Returns how many of `len` bytes may be sent.
    fn allows(&self, len: usize) -> usize {
        match lock(&self.0).left {
            None => len,
            Some(left) => usize::try_from(left).map_or(len, |left| left.min(len)),
        }
    }

    fn count_sent(&self, bytes: usize) {
        let mut cut = lock(&self.0);
        let sent = u64::try_from(bytes).unwrap_or(u64::MAX);
        cut.left = cut.left.map(|left| left.saturating_sub(sent));
    }

    fn is_by_reset(&self) -> bool {
        lock(&self.0).by_reset
    }
}

/// The connection to the client.
#[derive(Debug)]
pub(super) struct Line {
    socket: TcpStream,
    cut: Arc<Cut>,
}

impl Line {
    pub(super) fn new(socket: TcpStream, cut: Arc<Cut>) -> Self {
        // Answers are small and the client waits for them, so they must not be delayed.
        let _ = socket.set_nodelay(true);
        Self { socket, cut }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.cut.is_by_reset() {
            // This discards the bytes still under way, and the other side sees a reset.
            let _ = self.socket.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let allowed = self.cut.allows(bytes.len());
        let Some(bytes) = bytes.get(..allowed).filter(|bytes| !bytes.is_empty()) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let sent = core::task::ready!(Pin::new(&mut self.socket).poll_write(cx, bytes))?;
        self.cut.count_sent(sent);
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.cut.is_by_reset() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

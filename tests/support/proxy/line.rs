//! A connection from a client. The gate can hold the bytes that the client sends, and the proxy can cut the connection
//! at any byte of the answer.

use core::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use std::{
    io,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{gate::Gate, lock};

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

/// The most bytes that are read at once, because the gate holds what was read at once as a whole.
const READ_BYTES: usize = 16 * 1024;

/// The connection to the client.
pub(super) struct Line {
    socket: TcpStream,
    cut: Arc<Cut>,
    gate: Arc<Gate>,
    /// Whether this is the server's own probe of its store, once the first bytes have come.
    is_probe: Option<bool>,
    read: Vec<u8>,
    /// The bytes of `read` that the proxy has not got yet.
    left: core::ops::Range<usize>,
    /// Waits at the gate until the bytes in `read` may pass.
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Line {
    pub(super) fn new(socket: TcpStream, cut: Arc<Cut>, gate: Arc<Gate>) -> Self {
        // Answers are small and the client waits for them, so they must not be delayed.
        let _ = socket.set_nodelay(true);
        Self {
            socket,
            cut,
            gate,
            is_probe: None,
            read: vec![0; READ_BYTES],
            left: 0..0,
            waiting: None,
        }
    }

    /// Reads from the client into `read`.
    fn poll_socket(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut read = ReadBuf::new(&mut self.read);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut read))?;
        let bytes = read.filled();
        self.left = 0..bytes.len();
        let is_probe = *self.is_probe.get_or_insert_with(|| begins_probe(bytes));
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if !is_probe && !self.gate.passes(len) {
            self.waiting = Some(Box::pin(self.gate.clone().pass(len)));
        }
        Poll::Ready(Ok(()))
    }
}

/// Returns whether the connection is the server's own, which probes the store at its start. The gate lets it pass and
/// does not count it, because a story is about the uploader's bytes.
fn begins_probe(first_bytes: &[u8]) -> bool {
    let object_key = b"/probe/";
    first_bytes
        .windows(object_key.len())
        .any(|bytes| bytes == object_key)
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
        let line = &mut *self;
        if line.left.is_empty() {
            ready!(line.poll_socket(cx))?;
        }
        if let Some(waiting) = &mut line.waiting {
            ready!(waiting.as_mut().poll(cx));
            line.waiting = None;
        }
        let len = line.left.len().min(into.remaining());
        let bytes = line.read.get(line.left.clone()).unwrap_or_default();
        into.put_slice(bytes.get(..len).unwrap_or_default());
        line.left.start += len;
        Poll::Ready(Ok(()))
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
        let sent = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes))?;
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

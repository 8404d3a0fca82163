//! The socket of one connection, with the limits on its reads ([`super::idle`]), on its writes
//! ([`super::patience`]) and on its end ([`super::lingering`]).

use core::{
    pin::Pin,
    task::{Context, Poll},
};
use std::{
    io::{self, IoSlice},
    sync::Arc,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::{
    Times, connection::ConnectionState, idle::IdleLimit, lingering::Lingering, patience::Patience,
};

/// A socket whose other side may not stand still.
pub(super) struct PatientSocket<S> {
    socket: S,
    reads: IdleLimit,
    writes: Patience,
    end: Lingering,
}

impl<S> PatientSocket<S> {
    pub(super) fn new(
        socket: S,
        connection: &Arc<ConnectionState>,
        times: &Times,
        stop: &CancellationToken,
    ) -> Self {
        Self {
            socket,
            reads: IdleLimit::new(Arc::clone(connection), times),
            writes: Patience::new(times.clock.clone()),
            end: Lingering::new(Arc::clone(connection), times.clock.clone(), stop.clone()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PatientSocket<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.reads.poll_read(&mut this.socket, cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for PatientSocket<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.writes.in_time(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, slices);
        this.writes.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.end.poll_shutdown(&mut this.socket, cx)
    }
}

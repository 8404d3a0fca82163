//! The state that the parts of one connection share: its socket, its service, and the bodies that
//! nobody read.

use core::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    task::Context,
};
use std::sync::Arc;

use futures::task::AtomicWaker;
use http::Version;

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    requests: AtomicUsize,
    running: AtomicUsize,
    /// Woken when no request runs any more.
    waits_for_idle: AtomicWaker,
    speaks_http_2: AtomicBool,
    leaves_unread: AtomicBool,
}

/// Counts a request as running until it is dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<ConnectionState>);

impl ConnectionState {
    /// Notes that a request began. It runs until its answer has been sent and the rest of its body was
    /// read, so both keep the value.
    pub(super) fn begin(self: &Arc<Self>, version: Version) -> Running {
        self.speaks_http_2
            .store(version == Version::HTTP_2, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::SeqCst);
        Running(Arc::clone(self))
    }

    /// Returns how many requests there have been.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Returns whether a request is running.
    pub(super) fn is_busy(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }

    /// Returns whether a request is running. The task is woken when none runs any more.
    pub(super) fn poll_is_busy(&self, cx: &Context<'_>) -> bool {
        // In this order, the end of a request between the two is not missed.
        self.waits_for_idle.register(cx.waker());
        self.is_busy()
    }

    /// Returns whether the last request came over HTTP/2.
    pub(super) fn speaks_http_2(&self) -> bool {
        self.speaks_http_2.load(Ordering::Relaxed)
    }

    /// Notes that nobody reads the rest of a request's body. The connection closes after the
    /// answer.
    pub(super) fn leave_unread(&self) {
        self.leaves_unread.store(true, Ordering::Relaxed);
    }

    /// Returns whether the client may still be sending when the connection closes.
    pub(super) fn leaves_unread(&self) -> bool {
        self.leaves_unread.load(Ordering::Relaxed)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.waits_for_idle.wake();
        }
    }
}

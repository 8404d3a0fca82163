//! The state that the parts of one connection share: its socket, its service, and the bodies that
//! nobody read.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    requests: AtomicUsize,
    running: AtomicUsize,
    leaves_unread: AtomicBool,
}

/// Counts a request as running until it is dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<ConnectionState>);

impl ConnectionState {
    /// Notes that a request began. It runs until its answer has been sent and the rest of its body was
    /// read, so both keep the value.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// Returns how many requests there have been.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Returns whether a request is running.
    pub(super) fn is_busy(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0
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
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

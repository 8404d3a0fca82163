//! The state that the parts of one connection share: its socket, its timer of request heads, and
//! the bodies that nobody read.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    reads: AtomicU64,
    leaves_unread: AtomicBool,
}

impl ConnectionState {
    /// Notes that bytes arrived.
    pub(super) fn note_read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how often bytes arrived so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
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

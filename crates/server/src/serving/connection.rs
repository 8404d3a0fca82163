//! What the parts of one connection know of each other: its socket, its timer of heads, and the
//! bodies that nobody read.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    reads: AtomicU64,
    leaves_unread: AtomicBool,
}

impl ConnectionState {
    /// Bytes came.
    pub(super) fn note_read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// How often bytes came so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Nobody reads the rest of a request's body. The connection closes behind the answer.
    pub(super) fn leave_unread(&self) {
        self.leaves_unread.store(true, Ordering::Relaxed);
    }

    /// Whether the client may still be sending when the connection closes.
    pub(super) fn leaves_unread(&self) -> bool {
        self.leaves_unread.load(Ordering::Relaxed)
    }
}

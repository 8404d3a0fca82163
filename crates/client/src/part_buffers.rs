//! Memory for sealed parts, used again: fresh memory costs more than sealing.

use core::mem;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Buffers that wait for their next part. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct PartBuffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl PartBuffers {
    /// A buffer of an earlier part, with its old bytes and length, or a new empty one.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop().unwrap_or_default()
    }

    /// Shares a part's bytes without copying them; when the last share is gone, the buffer waits
    /// here again.
    pub(crate) fn share(&self, sealed: Vec<u8>) -> Bytes {
        let buffers = self.clone();
        Bytes::from_owner(Lent { sealed, buffers })
    }
}

struct Lent {
    sealed: Vec<u8>,
    buffers: PartBuffers,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.sealed
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut waiting = self
            .buffers
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.push(mem::take(&mut self.sealed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_once_nobody_reads_it() {
        let buffers = PartBuffers::default();
        let first = buffers.share(b"part".to_vec());
        let piece = first.slice(1..);
        drop(first);
        assert_eq!(buffers.take(), b"");
        assert_eq!(piece, "art");
        drop(piece);
        assert_eq!(buffers.take(), b"part");
    }
}

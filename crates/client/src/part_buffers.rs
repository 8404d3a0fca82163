//! Buffers for sealed parts. Their number is bounded, and they are reused, because fresh memory costs
//! more than sealing.

use core::mem;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The buffers of one upload. Clones share them.
#[derive(Clone)]
pub(crate) struct PartBuffers {
    /// A permit for each buffer that may be in use.
    free: Arc<Semaphore>,
    /// Buffers that wait for their next part.
    waiting: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A buffer in use. Dropping it returns the memory for the next part.
pub(crate) struct PartBuffer {
    sealed: Vec<u8>,
    waiting: Arc<Mutex<Vec<Vec<u8>>>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl PartBuffers {
    /// Allows at most `most` buffers, but always at least 1.
    pub(crate) fn at_most(most: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most.max(1))),
            waiting: Arc::default(),
        }
    }

    /// Returns the buffer of an earlier part, with its old bytes and length, or a new empty one. Waits
    /// while all buffers are in use, even if only dropped sealing tasks still use them.
    pub(crate) async fn take(&self) -> PartBuffer {
        // This fails only if the semaphore is closed, and no code closes it.
        let permit = self.free.clone().acquire_owned().await.ok();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        PartBuffer {
            sealed: waiting.pop().unwrap_or_default(),
            waiting: self.waiting.clone(),
            _permit: permit,
        }
    }
}

impl PartBuffer {
    /// Returns the memory for the next part's bytes.
    pub(crate) fn sealed(&mut self) -> &mut Vec<u8> {
        &mut self.sealed
    }

    /// Shares the bytes without copying them. The buffer stays in use until the last share is dropped.
    pub(crate) fn share(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for PartBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.sealed
    }
}

impl Drop for PartBuffer {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(mem::take(&mut self.sealed));
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_buffer_is_used_again_once_nobody_reads_it() {
        let buffers = PartBuffers::at_most(1);
        let mut first = buffers.take().now_or_never().unwrap();
        first.sealed().extend_from_slice(b"part");
        let first = first.share();
        let piece = first.slice(1..);
        drop(first);
        // The only buffer is still in use.
        assert!(buffers.take().now_or_never().is_none());
        assert_eq!(piece, "art");
        drop(piece);
        assert_eq!(buffers.take().now_or_never().unwrap().sealed(), b"part");
    }
}

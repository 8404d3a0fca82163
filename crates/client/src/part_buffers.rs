//! Buffers for sealed parts. Their bytes are bounded over all uploads of a client, and they are reused,
//! because fresh memory costs more than sealing.

use core::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most sealed bytes in memory, over all uploads of a client: ten parts of the usual 8 MiB are sent,
/// while six more are sealed or wait for their signature. A single part that is larger than this is held
/// alone.
const MOST_HELD_BYTES: u32 = 128 * 1024 * 1024;

/// The buffers of a client. Clones share them.
#[derive(Clone)]
pub(crate) struct PartBuffers(Arc<Shared>);

struct Shared {
    most_bytes: u32,
    /// A permit for each byte that may be in use. They are given out in the order of the requests.
    free: Arc<Semaphore>,
    /// Buffers that wait for their next part. Together with those in use, they have at most `most_bytes`.
    waiting: Mutex<Vec<Vec<u8>>>,
}

/// A buffer in use. Dropping it returns the memory for the next part.
pub(crate) struct PartBuffer {
    sealed: Vec<u8>,
    home: PartBuffers,
    permit: Option<OwnedSemaphorePermit>,
}

impl Default for PartBuffers {
    fn default() -> Self {
        Self::at_most(MOST_HELD_BYTES)
    }
}

impl PartBuffers {
    /// Allows at most `most_bytes` in use, but always one part.
    pub(crate) fn at_most(most_bytes: u32) -> Self {
        let most_bytes = most_bytes.max(1);
        Self(Arc::new(Shared {
            most_bytes,
            free: Arc::new(Semaphore::new(usize_of(most_bytes))),
            waiting: Mutex::default(),
        }))
    }

    /// Returns the buffer of an earlier part, with its old bytes and length, or a new empty one with room
    /// for `sealed_len` bytes. Waits while too many bytes are in use, even if only dropped sealing tasks
    /// still use them.
    pub(crate) async fn take(&self, sealed_len: u64) -> PartBuffer {
        let most = self.0.most_bytes;
        let bytes = u32::try_from(sealed_len).map_or(most, |len| len.min(most));
        // This fails only if the semaphore is closed, and no code closes it.
        let permit = self.0.free.clone().acquire_many_owned(bytes).await.ok();
        PartBuffer {
            sealed: self.earlier(usize::try_from(sealed_len).unwrap_or(usize::MAX)),
            home: self.clone(),
            permit,
        }
    }

    /// Returns a waiting buffer of about this length, or an empty one. Frees the waiting buffers for which
    /// there is no room beside those in use.
    fn earlier(&self, len: usize) -> Vec<u8> {
        let mut waiting = self.waiting();
        // The first part is a little longer than the others, because it begins with the header.
        let most = len.saturating_add(len.div_euclid(8));
        let fits = |buffer: &Vec<u8>| (len..=most).contains(&buffer.capacity());
        let found = waiting.iter().rposition(fits);
        let found = found.map(|at| waiting.swap_remove(at));
        let room = self.0.free.available_permits();
        while waiting.iter().map(Vec::capacity).sum::<usize>() > room {
            waiting.remove(0);
        }
        found.unwrap_or_default()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
        let mut waiting = self.home.waiting();
        waiting.push(mem::take(&mut self.sealed));
        drop(self.permit.take());
        let shared = &self.home.0;
        if shared.free.available_permits() == usize_of(shared.most_bytes) {
            // No upload holds a part now, and a client may live for long.
            waiting.clear();
        }
    }
}

fn usize_of(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn take(buffers: &PartBuffers, len: u64) -> Option<PartBuffer> {
        let mut taken = buffers.take(len).now_or_never()?;
        taken.sealed().resize(usize::try_from(len).unwrap(), 0);
        Some(taken)
    }

    fn waiting_bytes(buffers: &PartBuffers) -> usize {
        buffers.waiting().iter().map(Vec::capacity).sum()
    }

    #[test]
    fn a_buffer_is_used_again_once_nobody_reads_it() {
        let buffers = PartBuffers::at_most(25);
        let _other = take(&buffers, 10).unwrap();
        let mut first = take(&buffers, 15).unwrap();
        first.sealed().copy_from_slice(b"the first part.");
        let first = first.share();
        let piece = first.slice(4..);
        drop(first);
        // The bytes are still in use.
        assert!(take(&buffers, 15).is_none());
        assert_eq!(piece, "first part.");
        drop(piece);
        let mut again = buffers.take(15).now_or_never().unwrap();
        assert_eq!(again.sealed(), b"the first part.");
    }

    #[test]
    fn the_bytes_in_use_are_bounded_and_a_part_larger_than_that_is_held_alone() {
        let buffers = PartBuffers::at_most(100);
        let held: Vec<_> = core::iter::from_fn(|| take(&buffers, 30)).collect();
        assert_eq!(held.len(), 3);
        assert!(take(&buffers, 1_000).is_none());
        drop(held);
        let alone = take(&buffers, 1_000).unwrap();
        assert!(take(&buffers, 1).is_none());
        drop(alone);
        assert!(take(&buffers, 100).is_some());
    }

    #[test]
    fn buffers_that_wait_have_only_the_room_that_those_in_use_leave() {
        let buffers = PartBuffers::at_most(100);
        let kept = take(&buffers, 1).unwrap();
        let held: Vec<_> = core::iter::from_fn(|| take(&buffers, 30)).collect();
        drop(held);
        assert_eq!(waiting_bytes(&buffers), 90);
        // No waiting buffer has this length.
        let _other = take(&buffers, 60).unwrap();
        assert!(waiting_bytes(&buffers) <= 39, "{}", waiting_bytes(&buffers));
        drop(kept);
    }

    #[test]
    fn no_memory_waits_when_nothing_is_in_use() {
        let buffers = PartBuffers::at_most(100);
        let (first, second) = (take(&buffers, 30), take(&buffers, 30));
        drop(first);
        assert_eq!(waiting_bytes(&buffers), 30);
        drop(second);
        assert_eq!(waiting_bytes(&buffers), 0);
    }
}

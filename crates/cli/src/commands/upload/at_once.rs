//! Limits how many files are uploaded at once. Small files wait for the server more than for the network, so many of
//! them are under way. The client limits the number of simultaneous PUTs by itself.

use sealift_transfer::batches::MOST_SMALL_FILES;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Chosen;

/// The permits of a file that is not small. They leave room for four of those.
const PERMITS_OF_A_LARGE_FILE: u32 = MOST_SMALL_FILES / 4;

/// The permits for the files of a command. A small file has one of them.
pub(super) struct AtOnce(Semaphore);

impl AtOnce {
    /// Starts with all permits free.
    pub(super) fn new() -> Self {
        Self(Semaphore::new(Self::most_files()))
    }

    /// Returns the most files at once.
    pub(super) fn most_files() -> usize {
        usize::try_from(MOST_SMALL_FILES).unwrap_or(Semaphore::MAX_PERMITS)
    }

    /// Waits until this file may be uploaded, and returns its permits. Returns `None` if the limit is gone.
    pub(super) async fn acquire(&self, chosen: &Chosen) -> Option<SemaphorePermit<'_>> {
        let permits = match chosen.is_small() {
            true => 1,
            false => PERMITS_OF_A_LARGE_FILE,
        };
        self.0.acquire_many(permits).await.ok()
    }
}

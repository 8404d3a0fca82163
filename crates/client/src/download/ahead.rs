//! Fetches the next ranges of a download while the current one is read, each on a connection of its own.

use core::{mem, ops::Range};
use std::collections::VecDeque;

use bytes::Bytes;
use futures::TryStreamExt as _;
use sealift_transfer::api::FileId;
use tokio_util::task::AbortOnDropHandle;

use super::{Asked, DownloadError, begun::Begun};
use crate::client::Client;

/// The length of a range, which is what the server fetches from the store at a time. Ranges begin at multiples
/// of it, so that no frame is fetched twice.
const RANGE_BYTES: u64 = 8 * 1024 * 1024;
/// The most ranges that are fetched beside the current one. With that one, a download has four connections,
/// and holds at most 32 MiB in memory.
const MOST_AHEAD: usize = 3;

/// The ranges that come after the current one, in order.
pub(super) struct Ahead {
    ranges: VecDeque<Fetching>,
    /// The limit on `ranges` now. It is halved if one fails, and grows by one with each that arrives.
    most: usize,
}

/// A range that is being fetched. Dropping it ends its request.
struct Fetching {
    range: Range<u64>,
    task: AbortOnDropHandle<Fetched>,
}

/// The result of a range.
#[derive(Default)]
pub(super) struct Fetched {
    /// The bytes from its start on.
    pub(super) pieces: VecDeque<Bytes>,
    /// The reason why these are not all of its bytes.
    pub(super) error: Option<DownloadError>,
    /// The version of the credential of the request.
    pub(super) credential: u64,
}

impl Default for Ahead {
    fn default() -> Self {
        Self {
            ranges: VecDeque::new(),
            most: MOST_AHEAD,
        }
    }
}

/// Returns the end of the range that begins at `start`, if the file is long enough.
pub(super) fn range_end(start: u64) -> u64 {
    let before = start.div_euclid(RANGE_BYTES);
    before.saturating_add(1).saturating_mul(RANGE_BYTES)
}

impl Ahead {
    /// Begins to fetch the ranges from `current_end` to the end of the download, up to the limit.
    pub(super) fn fetch(
        &mut self,
        client: &Client,
        file: &FileId,
        begun: &Begun,
        current_end: u64,
    ) {
        let mut start = self
            .ranges
            .back()
            .map_or(current_end, |last| last.range.end);
        while start < begun.end && self.ranges.len() < self.most {
            let range = start..range_end(start).min(begun.end);
            start = range.end;
            let (client, file, begun) = (client.clone(), file.clone(), begun.clone());
            let task = tokio::spawn(fetched(client, file, begun, range.clone()));
            let task = AbortOnDropHandle::new(task);
            self.ranges.push_back(Fetching { range, task });
        }
    }

    /// Waits for the next range and returns it with its result. Returns `None` if no range is being fetched.
    pub(super) async fn next(&mut self) -> Option<(Range<u64>, Fetched)> {
        let first = self.ranges.front_mut()?;
        // A task that panicked has no bytes, so that its range is asked for again.
        let fetched = (&mut first.task).await.unwrap_or_default();
        let range = mem::take(&mut first.range);
        self.ranges.pop_front();
        self.most = match fetched.error {
            None => self.most.saturating_add(1).min(MOST_AHEAD),
            Some(_) => self.most.div_euclid(2),
        };
        Some((range, fetched))
    }
}

/// Fetches a range, once. If it breaks off, the download asks for the rest as soon as it comes to it.
async fn fetched(client: Client, file: FileId, begun: Begun, range: Range<u64>) -> Fetched {
    let mut fetched = Fetched {
        credential: client.credential.version(),
        ..Fetched::default()
    };
    let asked = Asked {
        start: range.start,
        end: Some(range.end),
        of: begun.etag.clone(),
        is_only_of: true,
    };
    let came = async {
        let mut download = client.begin_download(&file, &asked).await?;
        begun.check(&download)?;
        if !asked.is_met_by(&download) {
            return Err(DownloadError::OtherAnswer);
        }
        while let Some(piece) = download.try_next().await? {
            fetched.pieces.push_back(piece);
        }
        Ok(())
    };
    fetched.error = came.await.err();
    fetched
}

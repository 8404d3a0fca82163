//! The pieces of a long read, some of which are fetched and opened while the reader still has those
//! before them.
//!
//! A store gives one GET only so many bytes a second, and every GET begins with a wait; so the next
//! pieces are under way already. What a read holds is bounded by [`MOST_AT_ONCE`] pieces of
//! [`PIECE_BYTES`], whatever the file's length, besides the buffers of as many connections: a piece
//! that is opened waits for its reader, and no further one is asked for. A reader that goes away
//! drops all of them, and their GETs.

use core::ops::Range;
use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use futures::{Stream, stream};
use sealift_message::{DecryptError, FrameIndex, RangeDecryptor, StoredHeader};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::{
    OpenError,
    piece::{self, Source},
};
use crate::objects::{Objects, StoredObject};

/// Bytes of a piece, rounded down to whole frames, one at least.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;

/// Pieces that are under way or wait for their reader.
const MOST_AT_ONCE: usize = 3;

/// One read.
pub(super) struct Ahead {
    source: Arc<Source>,
    wanted: Range<u64>,
    /// Of which nothing was asked yet.
    frames: Range<FrameIndex>,
    frames_a_piece: u64,
    /// In their order; the reader is at the first.
    pieces: VecDeque<Piece>,
    /// How many there may be: grows while the reader goes on, since many look at the beginning only.
    most: usize,
}

/// A piece under way. Dropping it drops its GET.
struct Piece {
    plaintext: mpsc::Receiver<Bytes>,
    opening: AbortOnDropHandle<Result<(), OpenError>>,
}

impl Ahead {
    /// # Errors
    /// [`OpenError::Range`] where the plaintext does not have these bytes.
    pub(super) fn of(
        objects: Objects,
        object: StoredObject,
        header: StoredHeader,
        decryptor: Arc<RangeDecryptor>,
        wanted: Range<u64>,
    ) -> Result<Self, OpenError> {
        // Says why, where it is not to be had.
        decryptor.plan(wanted.clone())?;
        let layout = decryptor.layout();
        let frames = layout.frames_of(&wanted).ok_or(DecryptError::Unauthentic)?;
        let first = frames.start..frames.start.saturating_add(1);
        let first = layout.sealed_range_of(&first);
        let frame_bytes = first.map_or(1, |frame| frame.end.saturating_sub(frame.start));
        Ok(Self {
            source: Arc::new(Source {
                objects,
                object,
                header,
                decryptor,
            }),
            frames_a_piece: PIECE_BYTES.checked_div(frame_bytes).unwrap_or(1).max(1),
            frames,
            wanted,
            pieces: VecDeque::with_capacity(MOST_AT_ONCE),
            most: 1,
        })
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes, OpenError>> + Send {
        stream::try_unfold(self, |mut ahead| async move {
            let next = ahead.next().await?;
            Ok(next.map(|bytes| (bytes, ahead)))
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, OpenError> {
        loop {
            while self.pieces.len() < self.most
                && let Some(wanted) = self.next_wanted()?
            {
                self.pieces.push_back(self.begin(wanted));
            }
            let Some(first) = self.pieces.front_mut() else {
                return Ok(None);
            };
            if let Some(bytes) = first.plaintext.recv().await {
                self.most = self.most.max(2);
                return Ok(Some(bytes));
            }
            // It says nothing more: only its result tells whether that was all.
            let ended = (&mut first.opening).await;
            ended.map_err(|_| OpenError::Stopped)??;
            self.pieces.pop_front();
            self.most = MOST_AT_ONCE;
        }
    }

    /// What the next piece gives of the plaintext; `None` after the last.
    fn next_wanted(&mut self) -> Result<Option<Range<u64>>, DecryptError> {
        if self.frames.is_empty() {
            return Ok(None);
        }
        let end = self.frames.start.saturating_add(self.frames_a_piece);
        let frames = self.frames.start..end.min(self.frames.end);
        let layout = self.source.decryptor.layout();
        let held = layout.plaintext_range_of(&frames);
        let held = held.ok_or(DecryptError::Unauthentic)?;
        let wanted = held.start.max(self.wanted.start)..held.end.min(self.wanted.end);
        self.frames.start = frames.end;
        Ok(Some(wanted))
    }

    fn begin(&self, wanted: Range<u64>) -> Piece {
        // Room for all of it, so that a piece whose turn has not come yet does not hold up its GET.
        let most = usize::try_from(self.frames_a_piece).unwrap_or(1);
        let (give, plaintext) = mpsc::channel(most);
        let opening = piece::open(Arc::clone(&self.source), wanted, give);
        Piece {
            plaintext,
            opening: AbortOnDropHandle::new(tokio::spawn(opening.in_current_span())),
        }
    }
}

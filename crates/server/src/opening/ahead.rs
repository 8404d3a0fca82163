//! The pieces of a long read, some of which are fetched and opened while the reader still has those
//! before them.
//!
//! A store gives one GET only so many bytes a second, and every GET begins with a wait; so the next
//! pieces are under way already. What a read holds is bounded by [`MOST_AT_ONCE`] pieces of
//! [`PIECE_BYTES`], whatever the file's length, besides the buffers of as many connections: a piece
//! that is opened waits for its reader, and no further one is asked for. A reader that goes away
//! drops all of them, and their GETs.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use futures::{Stream, stream};
use sealift_message::{RangeOpener, StoredHeader};
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
    /// The pieces of which nothing was asked yet.
    later: Box<dyn Iterator<Item = RangeOpener> + Send>,
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
    /// Reads what `wanted` opens.
    pub(super) fn of(
        objects: Objects,
        object: StoredObject,
        header: StoredHeader,
        wanted: RangeOpener,
    ) -> Self {
        let frame_bytes = header.header().frame_length().sealed_len();
        let frames_a_piece = PIECE_BYTES.checked_div(frame_bytes).unwrap_or(1).max(1);
        Self {
            source: Arc::new(Source {
                objects,
                object,
                header,
            }),
            later: Box::new(wanted.into_groups(frames_a_piece)),
            frames_a_piece,
            pieces: VecDeque::with_capacity(MOST_AT_ONCE),
            most: 1,
        }
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
                && let Some(opener) = self.later.next()
            {
                self.pieces.push_back(self.begin(opener));
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

    fn begin(&self, opener: RangeOpener) -> Piece {
        // Room for all of it, so that a piece whose turn has not come yet does not hold up its GET.
        let most = usize::try_from(self.frames_a_piece).unwrap_or(1);
        let (give, plaintext) = mpsc::channel(most);
        let opening = piece::open(Arc::clone(&self.source), opener, give);
        Piece {
            plaintext,
            opening: AbortOnDropHandle::new(tokio::spawn(opening.in_current_span())),
        }
    }
}

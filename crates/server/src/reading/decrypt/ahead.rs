//! Reads long ranges in pieces, and fetches and opens the next pieces while the reader still has
//! those before them.
//!
//! A store sends one GET only at a limited rate, and every GET begins with a wait; therefore the
//! next pieces are requested early. The memory of a read is bounded by [`MOST_AT_ONCE`] pieces of
//! [`PIECE_BYTES`], whatever the file's length, and by the buffers of as many connections: an
//! opened piece waits for its reader, and no further piece is requested meanwhile. If the reader
//! goes away, all pieces and their GETs are dropped.

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

/// Bytes of a piece, rounded down to whole frames, but at least one frame.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;

/// The most pieces that are being fetched or wait for their reader.
const MOST_AT_ONCE: usize = 3;

/// One read of a range, with the pieces fetched ahead.
pub(super) struct Ahead {
    source: Arc<Source>,
    /// The pieces that were not requested yet.
    later: Box<dyn Iterator<Item = RangeOpener> + Send>,
    frames_a_piece: u64,
    /// The requested pieces, in order; the reader is at the first.
    pieces: VecDeque<Piece>,
    /// The most pieces at this time. It grows while the reader continues, because many readers look
    /// only at the beginning.
    most: usize,
}

/// A requested piece. Dropping it drops its GET.
struct Piece {
    plaintext: mpsc::Receiver<Bytes>,
    opening: AbortOnDropHandle<Result<(), OpenError>>,
}

impl Ahead {
    /// Prepares to read what `wanted` opens.
    pub(super) fn of(
        objects: Objects,
        object: StoredObject,
        header: Arc<StoredHeader>,
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
            // The piece ends here. Only its result says whether it is complete.
            let ended = (&mut first.opening).await;
            ended.map_err(|_| OpenError::Stopped)??;
            self.pieces.pop_front();
            self.most = MOST_AT_ONCE;
        }
    }

    fn begin(&self, opener: RangeOpener) -> Piece {
        // The channel has room for the whole piece, so that a piece that waits for its reader does
        // not hold up its GET.
        let most = usize::try_from(self.frames_a_piece).unwrap_or(1);
        let (give, plaintext) = mpsc::channel(most);
        let opening = piece::open(Arc::clone(&self.source), opener, give);
        Piece {
            plaintext,
            opening: AbortOnDropHandle::new(tokio::spawn(opening.in_current_span())),
        }
    }
}

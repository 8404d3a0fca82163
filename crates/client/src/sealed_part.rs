//! The sealed bytes of a part until the store has them, in memory or, for large parts, in a file.

use std::{io, sync::Arc};

use bytes::Bytes;
use futures::{Stream, future::Either, stream};
use tokio::task::spawn_blocking;

use crate::part_files::PartFile;

/// The length of the pieces in which a body is sent. A stalled connection is noticed because it takes
/// no more pieces.
const PIECE_BYTES: u64 = 128 * 1024;

/// The sealed bytes of one part. Every attempt to send it sends these. Dropping the last clone frees them.
#[derive(Debug, Clone)]
pub(crate) enum SealedPart {
    /// In the buffer in which they were sealed.
    InMemory(Bytes),
    /// In a file, which is deleted with the last clone.
    OnDisk(Arc<PartFile>),
}

impl SealedPart {
    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::InMemory(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::OnDisk(file) => file.len(),
        }
    }

    /// Returns whether the bytes are lost, so that sending them again would not help.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            Self::InMemory(_) => false,
            Self::OnDisk(file) => file.is_lost(),
        }
    }

    /// Returns the bytes in pieces, for a body.
    pub(crate) fn pieces(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        match self {
            Self::InMemory(bytes) => Either::Left(pieces_of(bytes)),
            Self::OnDisk(file) => Either::Right(pieces_of_file(file)),
        }
    }
}

fn pieces_of(bytes: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    let most = usize::try_from(PIECE_BYTES).unwrap_or(usize::MAX);
    stream::unfold(bytes, move |mut rest| async move {
        let piece = rest.split_to(most.min(rest.len()));
        (!piece.is_empty()).then_some((Ok(piece), rest))
    })
}

fn pieces_of_file(file: Arc<PartFile>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((file, 0), |(file, start)| async move {
        let left = file.len().saturating_sub(start);
        let len = usize::try_from(left.min(PIECE_BYTES)).unwrap_or(usize::MAX);
        if len == 0 {
            return Ok(None);
        }
        let reading = file.clone();
        let piece = spawn_blocking(move || reading.read_at(start, len)).await??;
        Ok(Some((piece, (file, start.saturating_add(PIECE_BYTES)))))
    })
}

//! A file on its way from the store to this machine's disk: fetched in pieces of whole frames, each of
//! them opened here, and saved once it is authentic. Plaintext does not pass the server.
//!
//! Memory is bounded whatever the file's size: [`PIECES_AT_ONCE`] pieces of 8 MiB of sealed bytes, and
//! what [`PartBuffers`] give for their plaintext (20 MiB).

mod piece_opener;
mod pieces;
mod progress;
mod source;

use std::rc::Rc;

use futures::{
    future::{Either, select},
    stream::{self, TryStreamExt as _},
};
use sealift_message::ContentKey;
use sealift_transfer::api::FileOpening;

pub use self::{
    piece_opener::PieceOpener,
    pieces::Piece,
    progress::Progress,
    source::{Giver, Source},
};
use crate::{failure::Fault, part_buffers::PartBuffers, sink::Sink};

/// Pieces on their way side by side: while one is opened and saved, the next ones come.
pub const PIECES_AT_ONCE: usize = 3;

/// A file that can be opened.
pub struct Opening {
    opener: PieceOpener,
    source: Source,
}

impl Opening {
    /// With what the server gave. The content key's text is wiped here.
    ///
    /// # Errors
    /// As [`PieceOpener::new`]; [`Fault::Answer`].
    pub async fn new(giver: Giver, given: FileOpening) -> Result<Self, Fault> {
        let content_key = given.content_key.to_bytes();
        let content_key = content_key.ok_or(Fault::Answer("the content key is none"))?;
        let content_key = ContentKey::from_bytes(&content_key);
        let source = Source::new(giver, &given);
        let (sealed_len, plaintext_len) = (given.sealed_size, given.size);
        let header = given.header.clone();
        drop(given);
        let opener = PieceOpener::new(&header, content_key, sealed_len, plaintext_len).await?;
        Ok(Self { opener, source })
    }

    /// Opens all of the file into `sink`. Nothing is given to it that is not authentic; whether all
    /// was, only the end tells.
    ///
    /// # Errors
    /// [`Fault`]; what the sink has is then not the file.
    pub async fn open_into(
        &self,
        sink: &Sink,
        buffers: &PartBuffers,
        progress: &Rc<Progress>,
    ) -> Result<(), Fault> {
        let pieces = stream::iter(self.opener.pieces());
        let opened = pieces.try_for_each_concurrent(PIECES_AT_ONCE, |piece| {
            self.open_piece(piece, sink, buffers, progress)
        });
        let kept_fresh = core::pin::pin!(self.source.keep_fresh());
        match select(opened, kept_fresh).await {
            Either::Left((opened, _)) => opened,
            Either::Right((never, _)) => match never {},
        }
    }

    async fn open_piece(
        &self,
        piece: Piece,
        sink: &Sink,
        buffers: &PartBuffers,
        progress: &Rc<Progress>,
    ) -> Result<(), Fault> {
        let (counting, coming) = (progress.clone(), piece.clone());
        let comes = move |sealed_bytes| counting.comes(&coming, sealed_bytes);
        let retrying = || progress.retrying();
        let sealed = self.source.get(&piece.sealed, comes, retrying).await?;
        let buffer = buffers.take(piece.plaintext_len()).await?;
        self.opener.open(&piece, &sealed, buffer.bytes()).await?;
        drop(sealed);
        sink.write(buffer.bytes(), piece.plaintext.start).await?;
        progress.saved(&piece);
        Ok(())
    }
}

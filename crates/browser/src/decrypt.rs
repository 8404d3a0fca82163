//! Downloads one file: fetches it from the store in pieces of whole frames, opens each piece here, and saves
//! it once it is authentic. Plaintext does not pass the server.
//!
//! Memory is bounded whatever the file's size: [`PIECES_AT_ONCE`] buffers of 8 MiB, into which pieces are fetched,
//! and in which they are opened.

mod piece_opener;
mod pieces;
mod progress;
mod source;

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
use crate::{
    failure::Fault,
    part_buffers::{PartBuffers, USUAL_BYTES},
    sink::Sink,
};

/// The number of pieces fetched at once: while one is opened and saved, the next ones come.
pub const PIECES_AT_ONCE: usize = 3;
/// The most bytes of their buffers.
pub const MOST_BUFFER_BYTES: u32 = 3 * USUAL_BYTES;

/// A file whose header was checked and whose key was imported, ready to be decrypted.
pub struct Decryption {
    opener: PieceOpener,
    source: Source,
}

impl Decryption {
    /// Imports the content key that `POST /v1/files/{id}/open` returned, and checks the header with it. Wipes the
    /// text of the key.
    ///
    /// # Errors
    /// Fails as [`PieceOpener::new`] does, and returns [`Fault::Answer`] if the content key cannot be read.
    pub async fn new(giver: Giver, given: FileOpening) -> Result<Self, Fault> {
        let content_key = given.content_key.to_bytes();
        let content_key = content_key.ok_or(Fault::Answer("the content key cannot be read"))?;
        let content_key = ContentKey::from_bytes(&content_key);
        let source = Source::new(giver, &given);
        let (sealed_len, plaintext_len) = (given.sealed_size, given.size);
        let header = given.header.clone();
        drop(given);
        let opener = PieceOpener::new(&header, content_key, sealed_len, plaintext_len).await?;
        Ok(Self { opener, source })
    }

    /// Decrypts the whole file into `sink`. Every byte that it writes is authentic. Only `Ok` proves that the file
    /// is complete.
    ///
    /// # Errors
    /// Returns a [`Fault`] if a piece cannot be fetched, opened or written. The sink then does not hold the file.
    pub async fn decrypt_into(
        &self,
        sink: &Sink,
        buffers: &PartBuffers,
        progress: &Progress,
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
        progress: &Progress,
    ) -> Result<(), Fault> {
        let mut buffer = buffers.take(piece.sealed_len()).await?;
        let comes = |sealed_bytes| progress.comes(&piece, sealed_bytes);
        let retrying = || progress.retrying();
        let got = self.source.get(&piece.sealed, &mut buffer, comes, retrying);
        got.await?;
        let plaintext = self.opener.open(&piece, buffer.bytes()).await?;
        sink.write(&plaintext, piece.plaintext.start).await?;
        progress.saved(&piece);
        Ok(())
    }
}

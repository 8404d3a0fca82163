//! Opens the sealed bytes of a piece into its plaintext.

use futures::stream::{self, TryStreamExt as _};
use js_sys::Uint8Array;
use sealift_message::{ContentKey, Frame, Layout, StoredHeader};

use super::pieces::{self, NO_SUCH_FRAME, Piece};
use crate::{
    browser::within,
    failure::Fault,
    web_crypto::{FRAMES_IN_FLIGHT, Key, Use},
};

/// Opens the pieces of one object, in any order.
pub struct PieceOpener {
    header: StoredHeader,
    layout: Layout,
    key: Key,
}

impl PieceOpener {
    /// Takes what the server sent. Checks the header's tag with the content key before anything is opened
    /// (docs/FORMAT.md, R5), and wipes the key's bytes (R9).
    ///
    /// # Errors
    /// Returns [`Fault::Header`] if header and key do not belong together, and [`Fault::Answer`] if no object
    /// of ours has these sizes.
    pub async fn new(
        header: &[u8],
        content_key: ContentKey,
        sealed_len: u64,
        plaintext_len: u64,
    ) -> Result<Self, Fault> {
        let header = StoredHeader::new(header).map_err(|_| Fault::Header)?;
        let verified = header.verify(&content_key).map_err(|_| Fault::Header)?;
        drop(content_key);
        let (header_len, frame_length) = (header.header().len(), header.header().frame_length());
        let layout = Layout::from_sealed_len(header_len, frame_length, sealed_len).ok();
        let layout = layout.filter(|layout| layout.plaintext_len() == plaintext_len);
        let layout = layout.ok_or(Fault::Answer("the sizes are not those of one object"))?;
        let message_id = *header.header().message_id();
        let key = Key::import(verified.content_key(), message_id, Use::Open).await?;
        Ok(Self {
            header,
            layout,
            key,
        })
    }

    /// Returns the header that the server recorded for the object.
    #[must_use]
    pub fn header(&self) -> &StoredHeader {
        &self.header
    }

    /// Returns the sizes and offsets of the object's frames.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns all pieces of the object, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Result<Piece, Fault>> + use<> {
        pieces::of(self.layout)
    }

    /// Opens a piece in the memory of its sealed bytes, and returns its plaintext there. A frame's plaintext ends before
    /// the next sealed frame begins, and WebCrypto copies a frame before it opens it.
    ///
    /// # Errors
    /// Returns [`Fault::ObjectDamaged`] if a byte is not authentic, and [`Fault::Browser`] if `bytes` has another length
    /// than the piece. Nothing in `bytes` may be used then.
    pub async fn open(&self, piece: &Piece, bytes: &Uint8Array) -> Result<Uint8Array, Fault> {
        if Some(piece.sealed.end) != piece.sealed.start.checked_add(bytes.length().into()) {
            return Err(Fault::Browser("a buffer has another length than the piece"));
        }
        if piece.sealed.start == 0 {
            self.compare_header(bytes)?;
        }
        let plaintext = within(bytes, 0..piece.plaintext_len(), 0).ok_or(NO_SUCH_FRAME)?;
        stream::iter(self.frames_to_open(piece, bytes, &plaintext))
            .try_for_each_concurrent(FRAMES_IN_FLIGHT, |frame_to_open| async move {
                let FrameToOpen {
                    frame,
                    at,
                    sealed,
                    plaintext,
                } = frame_to_open;
                self.key.open(&frame, at, &sealed, &plaintext).await
            })
            .await?;
        Ok(plaintext)
    }

    fn compare_header(&self, sealed: &Uint8Array) -> Result<(), Fault> {
        let header = within(sealed, 0..self.layout.header_len(), 0).ok_or(NO_SUCH_FRAME)?;
        self.header
            .expect_at_start(&header.to_vec())
            .map_err(|_| Fault::ObjectDamaged)
    }

    /// Returns the views to read from and to write to, for each frame.
    fn frames_to_open(
        &self,
        piece: &Piece,
        sealed: &Uint8Array,
        plaintext: &Uint8Array,
    ) -> impl Iterator<Item = Result<FrameToOpen, Fault>> {
        piece.frames.clone().map(move |index| {
            let frame_to_open = || {
                let frames = index..index.checked_add(1)?;
                let from = self.layout.sealed_range_of(&frames)?;
                let to = self.layout.plaintext_range_of(&frames)?;
                Some(FrameToOpen {
                    frame: self.layout.frame(index)?,
                    at: from.start,
                    sealed: within(sealed, from, piece.sealed.start)?,
                    plaintext: within(plaintext, to, piece.plaintext.start)?,
                })
            };
            frame_to_open().ok_or(NO_SUCH_FRAME)
        })
    }
}

struct FrameToOpen {
    frame: Frame,
    at: u64,
    sealed: Uint8Array,
    plaintext: Uint8Array,
}

//! The body of any message, framed or in one piece.

use super::unframed::UnframedOpener;
use super::{Content, Header};
use crate::aead::Cipher;
use crate::error::{DecryptError, Field};
use crate::header::Limits;
use crate::open::{FrameOpener, GeneralOpener, Verified};

/// Opens either kind of body.
#[derive(Debug)]
pub(super) struct Body {
    kind: Kind,
    /// The offset of the next byte in the message.
    at: u64,
    /// The error if bytes followed the message, which is then not the message that it claims to be.
    broken: Option<DecryptError>,
}

#[derive(Debug)]
enum Kind {
    Framed(GeneralOpener),
    Unframed(UnframedOpener),
}

impl Body {
    pub(super) fn new(header: &Header, cipher: Cipher, limits: &Limits) -> Self {
        let message_id = header.message_id_piece();
        let at = header.len();
        let kind = match header.content() {
            Content::Framed(frame_length) => {
                let opener = FrameOpener::with(cipher, message_id);
                Kind::Framed(GeneralOpener::new(opener, frame_length, at))
            }
            Content::Unframed => {
                Kind::Unframed(UnframedOpener::new(cipher, message_id, at, limits))
            }
        };
        let broken = None;
        Self { kind, at, broken }
    }

    /// Takes the next bytes. The bytes after the body remain in `input`.
    pub(super) fn push(
        &mut self,
        input: &mut &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let before = input.len();
        let pushed = match &mut self.kind {
            Kind::Framed(opener) => opener.push_frames(input, out),
            Kind::Unframed(opener) => opener.push(input, out),
        };
        let taken = before.saturating_sub(input.len());
        self.at = self.at.saturating_add(taken.try_into().unwrap_or(u64::MAX));
        pushed
    }

    /// Refuses any bytes in `rest`, because the message ends `footer_len` bytes after the body. After a
    /// refusal every later call fails too.
    pub(super) fn expect_nothing_after(
        &mut self,
        rest: &[u8],
        footer_len: u64,
    ) -> Result<(), DecryptError> {
        if rest.is_empty() {
            return Ok(());
        }
        let error = DecryptError::Malformed {
            field: Field::AfterTheEnd,
            at: self.at.saturating_add(footer_len),
        };
        self.broken = Some(error);
        Err(error)
    }

    pub(super) fn finish(self) -> Result<Verified, DecryptError> {
        match (self.broken, self.kind) {
            (Some(error), _) => Err(error),
            (None, Kind::Framed(opener)) => opener.finish(),
            (None, Kind::Unframed(opener)) => opener.finish(),
        }
    }
}

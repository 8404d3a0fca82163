//! Opens one frame.

use crate::aead::Cipher;
use crate::error::DecryptError;
use crate::frame::Frame;
use crate::header::VerifiedHeader;
use crate::suite::{IV_LEN, MESSAGE_ID_LEN, TAG_LEN};
use crate::wire::Piece;

/// Opens single frames of one message. Its callers check their order.
#[derive(Debug)]
pub(crate) struct FrameOpener {
    cipher: Cipher,
    message_id: Piece<MESSAGE_ID_LEN>,
}

impl FrameOpener {
    pub(crate) fn new(verified: &VerifiedHeader) -> Self {
        let message_id = verified.header().message_id();
        Self::with(verified.cipher(), Piece::of(&[message_id.as_bytes()]))
    }

    /// Makes an opener for a message of any format version whose header was verified.
    pub(crate) fn with(cipher: Cipher, message_id: Piece<MESSAGE_ID_LEN>) -> Self {
        Self { cipher, message_id }
    }

    /// Opens a frame into `out`, which must be as long as the ciphertext. `out` holds zeros if the frame does
    /// not authenticate.
    pub(crate) fn open(
        &self,
        frame: &Frame,
        iv: &[u8; IV_LEN],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        out: &mut [u8],
    ) -> Result<(), DecryptError> {
        let aad = frame.aad_in(&self.message_id);
        self.cipher.open(iv, &aad, ciphertext, tag, out)
    }

    /// Opens a frame in place. `bytes` holds zeros if the frame does not authenticate.
    pub(crate) fn open_in_place(
        &self,
        frame: &Frame,
        iv: &[u8; IV_LEN],
        tag: &[u8; TAG_LEN],
        bytes: &mut [u8],
    ) -> Result<(), DecryptError> {
        let aad = frame.aad_in(&self.message_id);
        self.cipher.open_in_place(iv, &aad, tag, bytes)
    }

    /// Appends the plaintext to `out`. Appends nothing if the frame does not authenticate.
    pub(crate) fn append(
        &self,
        frame: &Frame,
        iv: &[u8; IV_LEN],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let aad = frame.aad_in(&self.message_id);
        self.cipher.open_onto(iv, &aad, ciphertext, tag, out)
    }
}

//! One frame, opened.

use crate::aead::Cipher;
use crate::error::DecryptError;
use crate::frame::Frame;
use crate::header::VerifiedHeader;
use crate::key::MessageId;
use crate::suite::{IV_LEN, TAG_LEN};

/// Opens single frames of one message; knows nothing of their order.
#[derive(Debug)]
pub(crate) struct FrameOpener {
    cipher: Cipher,
    message_id: MessageId,
}

impl FrameOpener {
    pub(crate) fn new(verified: &VerifiedHeader) -> Self {
        Self {
            cipher: verified.cipher(),
            message_id: *verified.header().message_id(),
        }
    }

    /// Opens into `out`, which is as long as the ciphertext; zeros where it does not authenticate.
    pub(crate) fn open(
        &self,
        frame: &Frame,
        iv: &[u8; IV_LEN],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        out: &mut [u8],
    ) -> Result<(), DecryptError> {
        let aad = frame.aad(&self.message_id);
        self.cipher.open(iv, &aad, ciphertext, tag, out)
    }

    /// Appends the plaintext to `out`, and nothing where it does not authenticate.
    pub(crate) fn append(
        &self,
        frame: &Frame,
        iv: &[u8; IV_LEN],
        ciphertext: &[u8],
        tag: &[u8; TAG_LEN],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let before = out.len();
        out.resize(before.saturating_add(ciphertext.len()), 0);
        let room = out.get_mut(before..).unwrap_or_default();
        let opened = self.open(frame, iv, ciphertext, tag, room);
        if opened.is_err() {
            out.truncate(before);
        }
        opened
    }
}

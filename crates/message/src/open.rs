//! The read path of a whole message. Ciphertext goes in, verified plaintext comes out, and the end is proven.

mod frame_opener;
mod general;

pub(crate) use frame_opener::FrameOpener;
pub(crate) use general::GeneralOpener;

use crate::error::DecryptError;
use crate::header::VerifiedHeader;
use crate::open_range::{RangeDecryptor, RangeOpener};

/// Opens the body of a message as its bytes arrive. Every byte that it releases is authentic. Only
/// [`Decryptor::finish`] proves that the message is complete rather than cut short.
#[derive(Debug)]
pub struct Decryptor(Mode);

#[derive(Debug)]
enum Mode {
    Own(RangeOpener),
    General(GeneralOpener),
}

/// Proof that everything was opened, up to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The length of the plaintext in bytes.
    pub plaintext_len: u64,
}

impl Decryptor {
    /// Makes a decryptor for an object of ours whose exact size the record says (R6). The IV of each frame
    /// must be its sequence number, and exactly the last frame must have the final mark.
    ///
    /// # Errors
    /// Returns [`DecryptError::SealedLen`] if no object of ours has this size.
    pub fn own(verified: VerifiedHeader, sealed_len: u64) -> Result<Self, DecryptError> {
        let opener = RangeDecryptor::new(verified, sealed_len)?.plan_all();
        Ok(Self(Mode::Own(opener)))
    }

    /// Makes a decryptor for any message of this suite whose size is unknown. The decryptor accepts any IV
    /// that a frame states, and a final frame of any length up to the frame length.
    #[must_use]
    pub fn general(verified: VerifiedHeader) -> Self {
        let header = verified.header();
        let opener = FrameOpener::new(&verified);
        Self(Mode::General(GeneralOpener::new(
            opener,
            header.frame_length(),
            header.len(),
        )))
    }

    /// Takes the next bytes after the header, cut anywhere, and appends the plaintext of every frame that
    /// they complete to `out`. Call [`Decryptor::finish`] after the last bytes. After an error nothing more
    /// is appended, and `finish` fails.
    ///
    /// # Errors
    /// Fails if a frame is malformed or does not authenticate, or if bytes follow the message. The bytes that
    /// were appended before are authentic, but the message is not complete.
    pub fn push(&mut self, ciphertext: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        match &mut self.0 {
            Mode::Own(opener) => opener.push(ciphertext, out),
            Mode::General(opener) => opener.push(ciphertext, out),
        }
    }

    /// Proves that the message is complete: the frame that is marked final was reached and opened.
    ///
    /// # Errors
    /// Returns [`DecryptError::Truncated`] if bytes are missing, or the error of an earlier call.
    pub fn finish(self) -> Result<Verified, DecryptError> {
        match self.0 {
            Mode::Own(opener) => opener.finish(),
            Mode::General(opener) => opener.finish(),
        }
    }
}

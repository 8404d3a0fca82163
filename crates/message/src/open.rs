//! The read path of a whole message: ciphertext in, verified plaintext out, and an end that is
//! proven.

mod frame_opener;
mod general;

pub(crate) use frame_opener::FrameOpener;
pub(crate) use general::GeneralOpener;

use crate::error::DecryptError;
use crate::header::VerifiedHeader;
use crate::open_range::{RangeDecryptor, RangeOpener};

/// Opens the body of a message, piece by piece. What it gives is authentic; that it was everything
/// is proven by [`Decryptor::finish`] alone.
#[derive(Debug)]
pub struct Decryptor(Mode);

#[derive(Debug)]
enum Mode {
    Own(RangeOpener),
    General(GeneralOpener),
}

/// The whole message was opened, to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Plaintext bytes.
    pub plaintext_len: u64,
}

impl Decryptor {
    /// For an object of ours whose exact size is known from the record (R6): the IV is the sequence
    /// number, and the final flag is on exactly the last frame.
    ///
    /// # Errors
    /// [`DecryptError::SealedLen`] where no object of ours has this size.
    pub fn own(verified: VerifiedHeader, sealed_len: u64) -> Result<Self, DecryptError> {
        let opener = RangeDecryptor::new(verified, sealed_len)?.plan_all();
        Ok(Self(Mode::Own(opener)))
    }

    /// For any message of this suite, of unknown size: takes the IV on the wire, and an empty final
    /// frame after full ones.
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

    /// Takes the next bytes after the header, cut anywhere, and appends the plaintext of every frame
    /// that they complete to `out`. After an error nothing more is given.
    ///
    /// # Errors
    /// [`DecryptError`]; what was appended before is authentic, but the message is not whole.
    pub fn push(&mut self, ciphertext: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        match &mut self.0 {
            Mode::Own(opener) => opener.push(ciphertext, out),
            Mode::General(opener) => opener.push(ciphertext, out),
        }
    }

    /// Proves that everything came, the final frame included.
    ///
    /// # Errors
    /// [`DecryptError::Truncated`], or what went wrong before.
    pub fn finish(self) -> Result<Verified, DecryptError> {
        match self.0 {
            Mode::Own(opener) => opener.finish(),
            Mode::General(opener) => opener.finish(),
        }
    }
}

//! Opens the body of any message, and proves its end.

use super::Header;
use super::body::Body;
use super::signature::SignatureCheck;
use crate::aead::Cipher;
use crate::error::DecryptError;
use crate::header::Limits;
use crate::open::Verified;
use crate::wire::{FrameBuffer, Need, Reader, len_of};

/// One of two, so that nobody takes plaintext for signed that is not yet.
#[derive(Debug)]
pub enum Opener {
    /// What it gives is authentic, to who trusts everybody with the data key.
    Unsigned(UnsignedOpener),
    /// What it gives may have been forged by anybody with the data key until `finish` says that the
    /// signature is right.
    Signed(Box<SignedOpener>),
}

impl Opener {
    pub(super) fn new(header: &Header, cipher: Cipher, limits: &Limits) -> Self {
        let body = Body::new(header, cipher, limits);
        match header.public_key() {
            None => Self::Unsigned(UnsignedOpener { body }),
            Some(key) => {
                let mut check = SignatureCheck::new(key.clone());
                check.digest(header.as_bytes());
                Self::Signed(Box::new(SignedOpener {
                    body,
                    check,
                    footer: Footer::default(),
                }))
            }
        }
    }
}

/// Opens a message that ends with its body.
#[derive(Debug)]
pub struct UnsignedOpener {
    body: Body,
}

impl UnsignedOpener {
    /// Takes the next bytes after the header, cut anywhere, and appends the plaintext of every frame
    /// that they complete to `out`; where the body is not framed, all of it, with its last byte. After
    /// an error nothing more is given.
    ///
    /// # Errors
    /// [`DecryptError`]; what was appended before is authentic, but the message is not whole.
    pub fn push(&mut self, ciphertext: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let mut rest = ciphertext;
        self.body.push(&mut rest, out)?;
        self.body.expect_nothing_after(rest, 0)
    }

    /// Proves that everything came.
    ///
    /// # Errors
    /// [`DecryptError::Truncated`], or what went wrong before.
    pub fn finish(self) -> Result<Verified, DecryptError> {
        self.body.finish()
    }
}

/// Opens a message that is signed. Its plaintext must not be used before [`SignedOpener::finish`]:
/// hold it back, in memory or in a file that is thrown away where `finish` fails.
#[derive(Debug)]
pub struct SignedOpener {
    body: Body,
    check: SignatureCheck,
    footer: Footer,
}

impl SignedOpener {
    /// Takes the next bytes after the header, cut anywhere, and appends the plaintext that they
    /// complete to `out`: authentic to who has the data key, and not covered by the signature yet.
    ///
    /// # Errors
    /// [`DecryptError`]; throw away what was appended before.
    pub fn push_before_signature(
        &mut self,
        ciphertext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let mut rest = ciphertext;
        self.body.push(&mut rest, out)?;
        let of_body = ciphertext.len().saturating_sub(rest.len());
        if let Some((of_body, _)) = ciphertext.split_at_checked(of_body) {
            self.check.digest(of_body);
        }
        self.footer.push(&mut rest)?;
        self.body.expect_nothing_after(rest, self.footer.len())
    }

    /// Proves that everything came and that the signature is right. Only then the plaintext is what
    /// the holder of the header's public key signed.
    ///
    /// # Errors
    /// [`DecryptError::Truncated`] where body or signature are not whole,
    /// [`DecryptError::Unauthentic`] for another signature, or what went wrong before.
    pub fn finish(self) -> Result<Verified, DecryptError> {
        let verified = self.body.finish()?;
        self.check.verify(&self.footer.signature()?)?;
        Ok(verified)
    }
}

/// Bytes of the signature's length.
const COUNT_LEN: usize = 2;

/// What follows the body of a signed message: the signature behind its length.
#[derive(Debug, Default)]
struct Footer {
    buffer: FrameBuffer,
    whole: Option<Vec<u8>>,
}

impl Footer {
    /// Takes what is its own, and leaves the rest.
    fn push(&mut self, input: &mut &[u8]) -> Result<(), DecryptError> {
        if self.whole.is_some() || input.is_empty() {
            return Ok(());
        }
        let need = |first: &[u8]| {
            let mut reader = Reader::new(first, 0, DecryptError::Truncated);
            Ok(match reader.u16() {
                Ok(len) => Need::Whole(COUNT_LEN.saturating_add(len.into())),
                Err(_) => Need::Prefix(COUNT_LEN),
            })
        };
        self.whole = self.buffer.next(input, need)?.map(<[u8]>::to_vec);
        Ok(())
    }

    /// Bytes of all of it, as far as they came.
    fn len(&self) -> u64 {
        self.whole.as_deref().map_or(0, len_of)
    }

    fn signature(self) -> Result<Vec<u8>, DecryptError> {
        let mut whole = self.whole.ok_or(DecryptError::Truncated)?;
        Ok(whole.split_off(COUNT_LEN.min(whole.len())))
    }
}

//! Opens the body of any message, and proves that its end was reached.

use super::Header;
use super::body::Body;
use super::signature::SignatureCheck;
use crate::aead::Cipher;
use crate::error::DecryptError;
use crate::header::Limits;
use crate::open::Verified;
use crate::wire::{FrameBuffer, Need, Reader, len_of};

/// An opener for a message with or without a signature. There are two types, so that nobody takes plaintext
/// for signed before its signature is checked.
#[derive(Debug)]
pub enum Opener {
    /// The message is not signed. The plaintext is authentic if you trust everybody who has the data key.
    Unsigned(UnsignedOpener),
    /// The message is signed. Until `finish` proves the signature, anybody with the data key may have forged
    /// the plaintext.
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

/// Opens a message without a signature, which ends with its body.
#[derive(Debug)]
pub struct UnsignedOpener {
    body: Body,
}

impl UnsignedOpener {
    /// Takes the next bytes after the header, cut anywhere, and appends the plaintext of every frame that
    /// they complete to `out`. If the body is not framed, its last byte releases all of the plaintext. Call
    /// [`Self::finish`] after the last bytes. After an error nothing more is appended, and `finish` fails.
    ///
    /// # Errors
    /// Fails if the bytes are malformed or do not authenticate. The bytes that were appended before are
    /// authentic, but the message is not complete.
    pub fn push(&mut self, ciphertext: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let mut rest = ciphertext;
        self.body.push(&mut rest, out)?;
        self.body.expect_nothing_after(rest, 0)
    }

    /// Proves that the message is complete.
    ///
    /// # Errors
    /// Returns [`DecryptError::Truncated`] if the message is not complete, or the error of an earlier call.
    pub fn finish(self) -> Result<Verified, DecryptError> {
        self.body.finish()
    }
}

/// Opens a signed message. Its plaintext must not be used before [`SignedOpener::finish`]: hold it back in
/// memory, or in a file that is deleted if `finish` fails.
#[derive(Debug)]
pub struct SignedOpener {
    body: Body,
    check: SignatureCheck,
    footer: Footer,
}

impl SignedOpener {
    /// Takes the next bytes after the header, cut anywhere, and appends the plaintext that they complete to
    /// `out`. The data key authenticates that plaintext, but the signature does not cover it yet.
    ///
    /// # Errors
    /// Fails if the bytes are malformed or do not authenticate. Throw away everything that was appended
    /// before.
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

    /// Proves that the message is complete and that the signature is right. Only then is the plaintext what
    /// the holder of the header's public key signed.
    ///
    /// # Errors
    /// Returns [`DecryptError::Truncated`] if body or signature is not complete,
    /// [`DecryptError::Unauthentic`] if the signature is wrong, or the error of an earlier call.
    pub fn finish(self) -> Result<Verified, DecryptError> {
        let verified = self.body.finish()?;
        self.check.verify(&self.footer.signature()?)?;
        Ok(verified)
    }
}

/// The length in bytes of the field that says how long the signature is.
const COUNT_LEN: usize = 2;

/// The end of a signed message, after its body: the signature's length, then the signature.
#[derive(Debug, Default)]
struct Footer {
    buffer: FrameBuffer,
    whole: Option<Vec<u8>>,
}

impl Footer {
    /// Takes the bytes of the footer. The bytes after it remain in `input`.
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

    /// Returns the length of the footer, or 0 while it is not complete.
    fn len(&self) -> u64 {
        self.whole.as_deref().map_or(0, len_of)
    }

    fn signature(self) -> Result<Vec<u8>, DecryptError> {
        let mut whole = self.whole.ok_or(DecryptError::Truncated)?;
        Ok(whole.split_off(COUNT_LEN.min(whole.len())))
    }
}

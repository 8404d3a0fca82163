//! Opens a body in one piece, under one tag. Its bytes are held in memory, up to a limit, because no
//! plaintext may be released before the last byte was seen.

use crate::aead::Cipher;
use crate::error::{DecryptError, Field};
use crate::header::Limits;
use crate::open::Verified;
use crate::suite::{IV_LEN, MESSAGE_ID_LEN, TAG_LEN};
use crate::wire::{FrameBuffer, Need, Piece, Reader};

/// Collects the body and opens it when it is complete.
#[derive(Debug)]
pub(super) struct UnframedOpener {
    cipher: Cipher,
    message_id: Piece<MESSAGE_ID_LEN>,
    /// The offset of the body in the message.
    at: u64,
    limits: Limits,
    buffer: FrameBuffer,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Waiting,
    Ended { plaintext_len: u64 },
    Broken(DecryptError),
}

impl UnframedOpener {
    pub(super) fn new(
        cipher: Cipher,
        message_id: Piece<MESSAGE_ID_LEN>,
        at: u64,
        limits: &Limits,
    ) -> Self {
        Self {
            cipher,
            message_id,
            at,
            limits: *limits,
            buffer: FrameBuffer::default(),
            state: State::Waiting,
        }
    }

    /// Takes the next bytes. The bytes after the body remain in `input`.
    pub(super) fn push(
        &mut self,
        input: &mut &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        match self.state {
            State::Waiting => {}
            State::Ended { .. } => return Ok(()),
            State::Broken(error) => return Err(error),
        }
        match self.open(input, out) {
            Ok(None) => Ok(()),
            Ok(Some(plaintext_len)) => {
                self.state = State::Ended { plaintext_len };
                // The buffer is not needed again.
                self.buffer = FrameBuffer::default();
                Ok(())
            }
            Err(error) => {
                self.state = State::Broken(error);
                Err(error)
            }
        }
    }

    fn open(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<Option<u64>, DecryptError> {
        let (at, limits) = (self.at, self.limits);
        let need = |first: &[u8]| match Prefix::read(first, at, &limits) {
            Ok(prefix) => Ok(Need::Whole(prefix.sealed_len())),
            Err(DecryptError::Truncated) => Ok(Need::Prefix(PREFIX_LEN)),
            Err(other) => Err(other),
        };
        let Some(sealed) = self.buffer.next(input, need)? else {
            return Ok(None);
        };
        let prefix = Prefix::read(sealed, at, &limits)?;
        let mut reader = Reader::new(sealed, at, DecryptError::Truncated);
        reader.take(PREFIX_LEN)?;
        let ciphertext = reader.take(prefix.content_len())?;
        let tag = reader.array()?;
        let aad: Piece<AAD_LEN> = Piece::of(&[
            &self.message_id,
            SINGLE_BLOCK_TEXT,
            &1_u32.to_be_bytes(),
            &prefix.plaintext_len.to_be_bytes(),
        ]);
        self.cipher
            .open_onto(&prefix.iv, &aad, ciphertext, &tag, out)?;
        Ok(Some(prefix.plaintext_len))
    }

    pub(super) fn finish(self) -> Result<Verified, DecryptError> {
        match self.state {
            State::Ended { plaintext_len } => Ok(Verified { plaintext_len }),
            State::Waiting => Err(DecryptError::Truncated),
            State::Broken(error) => Err(error),
        }
    }
}

/// The text in the AAD of a body that is not framed.
const SINGLE_BLOCK_TEXT: &[u8] = b"AWSKMSEncryptionClient Single Block";
/// The length of the AAD: message id, the text, sequence number (u32, always 1), length (u64).
const AAD_LEN: usize = MESSAGE_ID_LEN + SINGLE_BLOCK_TEXT.len() + 4 + 8;
/// The length of the prefix: IV, then the content's length (u64).
const PREFIX_LEN: usize = IV_LEN + 8;

/// The bytes before the ciphertext.
struct Prefix {
    iv: [u8; IV_LEN],
    plaintext_len: u64,
}

impl Prefix {
    /// Reads the prefix. Refuses a length over the limit as soon as it is claimed.
    fn read(bytes: &[u8], at: u64, limits: &Limits) -> Result<Self, DecryptError> {
        let mut reader = Reader::new(bytes, at, DecryptError::Truncated);
        let (iv, plaintext_len) = (reader.array()?, reader.u64()?);
        let most = limits.unframed_bytes();
        if plaintext_len > most {
            let over = limits.over(Field::UnframedBody, plaintext_len, most);
            return Err(over.into());
        }
        Ok(Self { iv, plaintext_len })
    }

    /// Returns the length of the content, saturated if memory could not hold that much; the limit is lower.
    fn content_len(&self) -> usize {
        usize::try_from(self.plaintext_len).unwrap_or(usize::MAX)
    }

    fn sealed_len(&self) -> usize {
        let overhead = PREFIX_LEN.saturating_add(TAG_LEN);
        self.content_len().saturating_add(overhead)
    }
}

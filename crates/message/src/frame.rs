//! A frame: the bytes before its ciphertext, and the bytes that are authenticated with it.
//!
//! This is all that an AEAD outside the crate needs (WebCrypto in the browser). A sealed frame is
//! [`Frame::prefix`], then the AEAD's output (ciphertext, then the 16-byte tag) for [`Frame::iv`] and
//! [`Frame::aad`]. A reader first compares the prefix with [`Frame::expect_prefix`].
//! [`Layout::frame`](crate::Layout::frame) returns the frames of a message, and
//! [`Layout::frame_offset`](crate::Layout::frame_offset) where each one goes.

mod aad;
mod sequence_number;

pub use sequence_number::{SequenceNumber, SequenceNumberOutOfRange};

use crate::error::{DecryptError, Field};
use crate::key::MessageId;
use crate::suite::{FINAL_FRAME, FINAL_FRAME_OVERHEAD, IV_LEN, REGULAR_FRAME_OVERHEAD};
use crate::wire::Piece;

/// One frame of a message, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A frame before the last. It has exactly the frame length.
    Regular {
        /// The frame's number, from 1.
        sequence_number: SequenceNumber,
        /// Plaintext bytes: the frame length.
        plaintext_len: u32,
    },
    /// The last frame. Every message has exactly one.
    Final {
        /// The frame's number, from 1.
        sequence_number: SequenceNumber,
        /// Plaintext bytes: 0 to the frame length.
        plaintext_len: u32,
    },
}

impl Frame {
    /// Returns the frame's number, from 1.
    #[must_use]
    pub fn sequence_number(&self) -> SequenceNumber {
        let (Self::Regular {
            sequence_number, ..
        }
        | Self::Final {
            sequence_number, ..
        }) = self;
        *sequence_number
    }

    /// Returns the length of the plaintext in bytes; the ciphertext is as long.
    #[must_use]
    pub fn plaintext_len(&self) -> u32 {
        let (Self::Regular { plaintext_len, .. } | Self::Final { plaintext_len, .. }) = self;
        *plaintext_len
    }

    /// Returns whether this is the last frame.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Final { .. })
    }

    /// Returns the length of the sealed frame in bytes: prefix, ciphertext and tag.
    #[must_use]
    pub fn sealed_len(&self) -> u64 {
        let overhead = match self {
            Self::Regular { .. } => REGULAR_FRAME_OVERHEAD,
            Self::Final { .. } => FINAL_FRAME_OVERHEAD,
        };
        u64::from(self.plaintext_len()).saturating_add(overhead)
    }

    /// Returns the IV that our writer uses: eight zero bytes and the sequence number.
    #[must_use]
    pub fn iv(&self) -> [u8; IV_LEN] {
        let [a, b, c, d] = self.sequence_number().get().to_be_bytes();
        [0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]
    }

    /// Returns the bytes before the ciphertext: 16 in a regular frame, 24 in the final one.
    #[must_use]
    pub fn prefix(&self) -> Piece<24> {
        let number = self.sequence_number().get().to_be_bytes();
        let iv = self.iv();
        match self {
            Self::Regular { .. } => Piece::of(&[&number, &iv]),
            Self::Final { plaintext_len, .. } => Piece::of(&[
                &FINAL_FRAME.to_be_bytes(),
                &number,
                &iv,
                &plaintext_len.to_be_bytes(),
            ]),
        }
    }

    /// Compares the bytes before the ciphertext with [`Self::prefix`]: sequence number, IV, final mark and
    /// length all follow from the record (R6). `at` is the offset of these bytes in the message.
    ///
    /// # Errors
    /// Returns [`DecryptError::Malformed`] unless `found` is exactly [`Self::prefix`].
    pub fn expect_prefix(&self, found: &[u8], at: u64) -> Result<(), DecryptError> {
        if found == &*self.prefix() {
            Ok(())
        } else {
            Err(DecryptError::Malformed {
                field: Field::FramePrefix,
                at,
            })
        }
    }

    /// Returns the bytes that are authenticated with the ciphertext (GCM's AAD).
    #[must_use]
    pub fn aad(&self, message_id: &MessageId) -> Piece<{ aad::MOST_LEN }> {
        aad::of(self, message_id.as_bytes())
    }

    /// Like [`Frame::aad`], but the message id may be one of the older format's.
    pub(crate) fn aad_in(&self, message_id: &[u8]) -> Piece<{ aad::MOST_LEN }> {
        aad::of(self, message_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(is_final: bool) -> Frame {
        let sequence_number = SequenceNumber::try_from(0x0102_0304).unwrap();
        let plaintext_len = 5;
        if is_final {
            Frame::Final {
                sequence_number,
                plaintext_len,
            }
        } else {
            Frame::Regular {
                sequence_number,
                plaintext_len,
            }
        }
    }

    #[test]
    fn prefixes_are_those_of_the_format() {
        let regular = [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
        assert_eq!(*frame(false).prefix(), regular);
        let mut last = vec![0xFF; 4];
        last.extend_from_slice(&regular);
        last.extend_from_slice(&[0, 0, 0, 5]);
        assert_eq!(*frame(true).prefix(), last);
        assert_eq!(frame(false).sealed_len(), 37);
        assert_eq!(frame(true).sealed_len(), 45);
    }

    #[test]
    fn any_other_prefix_is_refused() {
        for is_final in [false, true] {
            let frame = frame(is_final);
            let prefix = frame.prefix().to_vec();
            assert_eq!(frame.expect_prefix(&prefix, 9), Ok(()));
            let refused = Err(DecryptError::Malformed {
                field: Field::FramePrefix,
                at: 9,
            });
            for at in 0..prefix.len() {
                let mut other = prefix.clone();
                other[at] ^= 1;
                assert_eq!(frame.expect_prefix(&other, 9), refused);
            }
            assert_eq!(frame.expect_prefix(&prefix[1..], 9), refused);
            assert_eq!(frame.expect_prefix(&[], 9), refused);
        }
    }

    #[test]
    fn the_aad_says_which_frame_of_which_message_it_is() {
        let message_id = MessageId::from_bytes([7; 32]);
        let mut expected = vec![7; 32];
        expected.extend_from_slice(b"AWSKMSEncryptionClient Frame");
        expected.extend_from_slice(&[1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(*frame(false).aad(&message_id), expected);
        let mut expected = vec![7; 32];
        expected.extend_from_slice(b"AWSKMSEncryptionClient Final Frame");
        expected.extend_from_slice(&[1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(*frame(true).aad(&message_id), expected);
    }
}

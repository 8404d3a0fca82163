//! The errors of this crate. They say much about bytes that are not authenticated yet and malformed, but
//! nothing about why bytes do not authenticate, so that nobody learns from the difference.

use core::fmt;

use crate::FrameIndex;

/// Says why a message, or a part of its bytes, was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The bytes are not a message that this crate understands.
    #[error("not a well-formed message: {field} at byte {at}")]
    Malformed {
        /// The field that was being read.
        field: Field,
        /// The offset of the field in the message, in bytes.
        at: u64,
    },
    /// The bytes may be a message, but not one that this reader accepts.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The bytes end before the message does.
    #[error("the message is cut short")]
    Truncated,
    /// No object of ours with this header has this length, so it is not the object that was recorded.
    #[error("an object with this header cannot have {sealed_len} bytes")]
    SealedLen {
        /// The length of the object, in bytes.
        sealed_len: u64,
    },
    /// The key is not as long as an AES-256 key; the module `general` also allows 16 and 24 bytes.
    #[error("a key has 32 bytes, not {got_bytes}")]
    KeyLen {
        /// Its length in bytes.
        got_bytes: u64,
    },
    /// Wrong key, wrong context or altered bytes. The error deliberately does not say which.
    #[error("the message does not authenticate")]
    Unauthentic,
}

/// Says why a message is refused that was well-formed as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// The message format version is not 2.
    #[error("message format version {0} is not supported")]
    Version(u8),
    /// The algorithm suite is not 0x0478.
    #[error("algorithm suite {0:#06x} is not supported")]
    Suite(u16),
    /// The body is not framed.
    #[error("content type {0} is not supported")]
    ContentType(u8),
    /// A field is over the reader's [`Limits`](crate::Limits).
    #[error("{field} is {got}, the limit is {most}")]
    OverLimit {
        /// The field that is too large.
        field: Field,
        /// The value in the message, in the field's unit. No field says how long the header is, so for
        /// [`Field::Header`] this is the least length that it can have.
        got: u64,
        /// The limit, in the same unit.
        most: u64,
    },
    /// The suite has no key commitment, and the reader's policy requires one: such a message can open, to
    /// different plaintexts, under two keys.
    #[error("algorithm suite {0:#06x} has no key commitment, which the policy requires")]
    NoCommitment(u16),
    /// Our writer never writes this frame length, and the reader accepts only our own objects.
    #[error("Sealift does not write messages with frame length {0}")]
    FrameLength(u32),
}

/// The parts of a message that can be malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// The whole header, in bytes.
    Header,
    /// The encryption context, in bytes.
    EncryptionContext,
    /// The number of encrypted data keys.
    EncryptedDataKeys,
    /// An encrypted data key.
    EncryptedDataKey,
    /// The frame length, in bytes.
    FrameLength,
    /// The bytes before a frame's ciphertext: sequence number and IV, and in the final frame also its mark
    /// and length.
    FramePrefix,
    /// A field of format version 1 that has only one valid value: message type, reserved bytes or IV length.
    FixedBytes,
    /// The context pair with the public key that checks the signature. The pair is missing although the suite
    /// signs, present although the suite does not sign, or not a key.
    PublicKey,
    /// A body that is not framed, in bytes.
    UnframedBody,
    /// Bytes after the end.
    AfterTheEnd,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "the header",
            Self::EncryptionContext => "the encryption context",
            Self::EncryptedDataKeys => "the number of encrypted data keys",
            Self::EncryptedDataKey => "an encrypted data key",
            Self::FrameLength => "the frame length",
            Self::FramePrefix => "the beginning of a frame",
            Self::FixedBytes => "a field that has only one valid value",
            Self::PublicKey => "the public key in the encryption context",
            Self::UnframedBody => "the unframed body",
            Self::AfterTheEnd => "bytes after the end",
        })
    }
}

/// Says why a header cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// A field does not fit its length field, or is longer than readers accept.
    #[error("{field} has {got_bytes} bytes; at most {most_bytes} are allowed")]
    TooLong {
        /// The field that is too long.
        field: Field,
        /// Its length in bytes.
        got_bytes: u64,
        /// The greatest allowed length in bytes.
        most_bytes: u64,
    },
    /// A context pair has an empty key or value, which not every official reader accepts.
    #[error("a pair of the encryption context has an empty key or value")]
    EmptyPair,
    /// Two context pairs have the same key.
    #[error("a key of the encryption context is repeated")]
    RepeatedPair,
    /// Our writer does not write this frame length.
    #[error(transparent)]
    FrameLength(#[from] FrameLengthError),
    /// The AEAD backend refused to work.
    #[error("the AEAD backend failed")]
    Backend,
}

/// The number is not a frame length that our writer writes: 4 KiB to 1 MiB, a multiple of 128 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame length {got_bytes} is not a multiple of 128 from 4096 to 1048576")]
pub struct FrameLengthError {
    /// The frame length that was asked for, in bytes.
    pub got_bytes: u64,
}

/// Says why no message has these sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// The message would have more frames than there are sequence numbers.
    #[error("{plaintext_len} bytes need more than 4294967295 frames")]
    TooManyFrames {
        /// The plaintext length that was asked for, in bytes.
        plaintext_len: u64,
    },
    /// No message of this format has a header of this length.
    #[error("no header has {header_len} bytes")]
    HeaderLen {
        /// The header length that was asked for, in bytes.
        header_len: u64,
    },
    /// No plaintext gives an object of this size with this header and frame length.
    #[error("no object with this header and frame length has {sealed_len} bytes")]
    SealedLen {
        /// The object's length that was asked for, in bytes.
        sealed_len: u64,
    },
}

/// Says why frames were not sealed. The output holds nothing that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The message does not have these frames.
    #[error("the message has {frame_count} frames; it has no frame {frame}")]
    NoSuchFrame {
        /// The frame asked for, from 0.
        frame: FrameIndex,
        /// The number of frames in the message.
        frame_count: u64,
    },
    /// The plaintext is not as long as the frames. Sealing it would give another message.
    #[error("the frames hold {expected_bytes} plaintext bytes, got {got_bytes}")]
    PlaintextLen {
        /// The length of the plaintext that was given.
        got_bytes: u64,
        /// The length that the layout says.
        expected_bytes: u64,
    },
    /// The buffer is not as long as the sealed frames.
    #[error("the sealed frames have {expected_bytes} bytes, the buffer has {got_bytes}")]
    OutputLen {
        /// The buffer's length.
        got_bytes: u64,
        /// The length that it must have.
        expected_bytes: u64,
    },
    /// No message has these sizes.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The AEAD backend refused to work.
    #[error("the AEAD backend failed")]
    Backend,
}

/// The plaintext does not have this range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bytes {start} to {end} are not in a plaintext of {plaintext_len} bytes")]
pub struct RangeError {
    /// The first byte that was asked for.
    pub start: u64,
    /// The byte after the last one that was asked for.
    pub end: u64,
    /// The length of the plaintext.
    pub plaintext_len: u64,
}

//! What can go wrong. Rich before authentication, mute after: of bytes that do not authenticate
//! nobody learns why.

use core::fmt;

use crate::FrameIndex;

/// Why a message, or a piece of one, was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// Bytes are not a message we understand.
    #[error("not a well-formed message: {field} at byte {at}")]
    Malformed {
        /// What was being read.
        field: Field,
        /// Its offset in the message, in bytes.
        at: u64,
    },
    /// A message perhaps, but none that this reader takes.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The bytes end before the message does.
    #[error("the message is cut short")]
    Truncated,
    /// No object of ours with this header is as long: it is not the one that was recorded.
    #[error("no object of ours with this header has {sealed_len} bytes")]
    SealedLen {
        /// What was said, in bytes.
        sealed_len: u64,
    },
    /// A key of another length than AES-256 has.
    #[error("a key has 32 bytes, not {got_bytes}")]
    KeyLen {
        /// What was given.
        got_bytes: u64,
    },
    /// Wrong key, wrong context or altered bytes: deliberately not told apart.
    #[error("the message does not authenticate")]
    Unauthentic,
}

/// Well-formed as far as it was read, and refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// Another message format version than 2.
    #[error("message format version {0} is not supported")]
    Version(u8),
    /// Another algorithm suite than 0x0478.
    #[error("algorithm suite {0:#06x} is not supported")]
    Suite(u16),
    /// A body that is not framed.
    #[error("content type {0} is not supported")]
    ContentType(u8),
    /// More than the reader's [`Limits`](crate::Limits) allow.
    #[error("{field} is {got}, the limit is {most}")]
    OverLimit {
        /// What is too large.
        field: Field,
        /// What the message says, in the field's unit; of the header, whose length is said nowhere,
        /// the least that it can be.
        got: u64,
        /// What the limit is.
        most: u64,
    },
    /// A suite without key commitment, where the reader's policy wants one: such a message can open,
    /// to different plaintexts, under two keys.
    #[error("algorithm suite {0:#06x} has no key commitment, which the policy requires")]
    NoCommitment(u16),
    /// A frame length that our writer never writes, where only our own objects are read.
    #[error("frame length {0} is none of ours")]
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
    /// What stands before a frame's ciphertext: sequence number, IV, mark and length of the final
    /// frame.
    FramePrefix,
    /// In format version 1: message type, reserved bytes or IV length are others than there can be.
    FixedBytes,
    /// The pair with the public key that the signature is checked with: missing where the suite
    /// signs, there where it does not, or not a key.
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
            Self::FixedBytes => "a field with one value only",
            Self::PublicKey => "the public key in the encryption context",
            Self::UnframedBody => "the body, which is not framed,",
            Self::AfterTheEnd => "something after the end",
        })
    }
}

/// Why a header cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Something does not fit its length field, or is over what readers accept.
    #[error("{field} has {got_bytes} bytes, {most_bytes} is the most")]
    TooLong {
        /// What is too long.
        field: Field,
        /// How long it is.
        got_bytes: u64,
        /// How long it may be.
        most_bytes: u64,
    },
    /// A context pair without key or value: not every official reader takes these.
    #[error("a pair of the encryption context is empty")]
    EmptyPair,
    /// The same context key twice.
    #[error("a key of the encryption context is repeated")]
    RepeatedPair,
    /// Not a frame length that we write.
    #[error(transparent)]
    FrameLength(#[from] FrameLengthError),
    /// The AEAD backend refused to work.
    #[error("the AEAD backend failed")]
    Backend,
}

/// Not a frame length that we write: 4 KiB to 1 MiB, a multiple of 128 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame length {got_bytes} is not a multiple of 128 from 4096 to 1048576")]
pub struct FrameLengthError {
    /// What was asked for.
    pub got_bytes: u64,
}

/// No message has these sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// More frames than sequence numbers.
    #[error("{plaintext_len} bytes need more than 4294967295 frames")]
    TooManyFrames {
        /// What was asked for, in bytes.
        plaintext_len: u64,
    },
    /// A header that no message of this format has.
    #[error("no header has {header_len} bytes")]
    HeaderLen {
        /// What was asked for, in bytes.
        header_len: u64,
    },
    /// No plaintext gives an object of this size with this header and frame length.
    #[error("no object of ours has {sealed_len} bytes")]
    SealedLen {
        /// What was asked for, in bytes.
        sealed_len: u64,
    },
}

/// Why frames were not sealed. Nothing usable was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The message has no such frames.
    #[error("the message has {frame_count} frames, not frame {frame}")]
    NoSuchFrame {
        /// The frame asked for, from 0.
        frame: FrameIndex,
        /// How many there are.
        frame_count: u64,
    },
    /// The plaintext is not what the frames hold: sealing it would give another message.
    #[error("the frames hold {expected_bytes} plaintext bytes, got {got_bytes}")]
    PlaintextLen {
        /// What was given.
        got_bytes: u64,
        /// What the layout says.
        expected_bytes: u64,
    },
    /// The buffer is not as long as what goes into it.
    #[error("the sealed frames have {expected_bytes} bytes, the buffer has {got_bytes}")]
    OutputLen {
        /// The buffer's length.
        got_bytes: u64,
        /// What it must be.
        expected_bytes: u64,
    },
    /// No message has these sizes.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The AEAD backend refused to work.
    #[error("the AEAD backend failed")]
    Backend,
}

/// A range that the plaintext does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bytes {start} to {end} are not in a plaintext of {plaintext_len} bytes")]
pub struct RangeError {
    /// First byte asked for.
    pub start: u64,
    /// The byte after the last one asked for.
    pub end: u64,
    /// What there is.
    pub plaintext_len: u64,
}

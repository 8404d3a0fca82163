//! Limits how much a reader accepts from a message that it does not trust yet.

use crate::error::{Field, Unsupported};

/// 64 KiB. The headers that keyrings write are far shorter.
const HEADER_BYTES: usize = 64 * 1024;
/// 8 KiB, the limit of AWS KMS.
pub(super) const CONTEXT_BYTES: u16 = 8 * 1024;
/// 1 MiB, because a reader holds one frame in memory.
const FRAME_LENGTH: u32 = 1024 * 1024;
/// 64 MiB. A reader holds such a body in memory, because none of it may be released before its one tag.
#[cfg(feature = "legacy-suites")]
const UNFRAMED_BYTES: u64 = 64 * 1024 * 1024;

/// The limits of a reader. Raise a limit only if the user asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    header_bytes: usize,
    context_bytes: u16,
    data_keys: u16,
    frame_length: u32,
    own_frame_lengths: bool,
    #[cfg(feature = "legacy-suites")]
    unframed_bytes: u64,
}

impl Limits {
    /// The limits for other people's messages: header 64 KiB, context 8 KiB, one data key, frames of 1 MiB,
    /// unframed bodies of 64 MiB.
    pub const GENERAL: Self = Self {
        header_bytes: HEADER_BYTES,
        context_bytes: CONTEXT_BYTES,
        data_keys: 1,
        frame_length: FRAME_LENGTH,
        own_frame_lengths: false,
        #[cfg(feature = "legacy-suites")]
        unframed_bytes: UNFRAMED_BYTES,
    };

    /// The limits for our own objects: the same, and only frame lengths that we write.
    pub const OWN: Self = Self {
        own_frame_lengths: true,
        ..Self::GENERAL
    };

    /// Sets the greatest number of encrypted data keys.
    #[must_use]
    pub const fn with_data_keys(self, most: u16) -> Self {
        Self {
            data_keys: most,
            ..self
        }
    }

    /// Sets the greatest length of the header, in bytes.
    #[must_use]
    pub const fn with_header_bytes(self, most: usize) -> Self {
        Self {
            header_bytes: most,
            ..self
        }
    }

    /// Sets the greatest length of the encryption context, in bytes.
    #[must_use]
    pub const fn with_context_bytes(self, most: u16) -> Self {
        Self {
            context_bytes: most,
            ..self
        }
    }

    /// Sets the greatest frame length, in bytes.
    #[must_use]
    pub const fn with_frame_length(self, most: u32) -> Self {
        Self {
            frame_length: most,
            ..self
        }
    }

    /// Sets the greatest length of an unframed body, in bytes of plaintext. A reader holds such a body twice,
    /// sealed and opened.
    #[cfg(feature = "legacy-suites")]
    #[must_use]
    pub const fn with_unframed_bytes(self, most: u64) -> Self {
        Self {
            unframed_bytes: most,
            ..self
        }
    }

    pub(crate) fn header_bytes(&self) -> usize {
        self.header_bytes
    }

    pub(super) fn context_bytes(&self) -> u16 {
        self.context_bytes
    }

    pub(super) fn data_keys(&self) -> u16 {
        self.data_keys
    }

    pub(super) fn frame_length(&self) -> u32 {
        self.frame_length
    }

    #[cfg(feature = "legacy-suites")]
    pub(crate) fn unframed_bytes(&self) -> u64 {
        self.unframed_bytes
    }

    pub(super) fn wants_own_frame_lengths(&self) -> bool {
        self.own_frame_lengths
    }

    pub(crate) fn over(&self, field: Field, got: u64, most: u64) -> Unsupported {
        Unsupported::OverLimit { field, got, most }
    }
}

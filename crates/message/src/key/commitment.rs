//! The commitment, which ties a message to one data key.

use subtle::ConstantTimeEq;

use crate::suite::KEY_LEN;

/// A value that is derived from the data key, beside the content key, and stored in the header. Without it
/// one ciphertext could open, to different plaintexts, under two keys. A comparison takes the same time
/// wherever the difference is.
#[derive(Debug, Clone, Copy)]
pub struct Commitment([u8; KEY_LEN]);

impl Commitment {
    /// Makes the commitment from its bytes in a header.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, which are public.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl PartialEq for Commitment {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Commitment {}

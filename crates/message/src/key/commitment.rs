//! The value that ties a message to one data key.

use subtle::ConstantTimeEq;

use crate::suite::KEY_LEN;

/// Derived from the data key beside the content key, and stored in the header: without it one
/// ciphertext could open, to different plaintexts, under two keys. Comparing takes the same time
/// wherever the difference is.
#[derive(Debug, Clone, Copy)]
pub struct Commitment([u8; KEY_LEN]);

impl Commitment {
    /// A commitment as it stands in a header.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes; they are public.
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

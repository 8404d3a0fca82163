//! The three keys of a message and its id. They never mix: a data key is what a keyring makes and
//! opens, a content key is what seals frames, a commitment is public.

mod commitment;
mod derive;

use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use commitment::Commitment;
#[cfg(feature = "legacy-suites")]
pub(crate) use derive::committed;

use crate::error::DecryptError;
use crate::suite::{KEY_LEN, MESSAGE_ID_LEN};
use crate::wire::len_of;

/// 32 bytes on the heap, so that moving the key leaves no copies behind; wiped when dropped.
pub(crate) type KeyBytes = Box<Zeroizing<[u8; KEY_LEN]>>;

/// The key that a keyring makes for one message, in plaintext. It derives the content key and the
/// commitment and seals nothing itself. Wiped when dropped, never printed, not cloned.
pub struct DataKey(KeyBytes);

impl DataKey {
    /// A new random data key.
    #[must_use]
    pub fn make<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = KeyBytes::default();
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// The bytes, for a keyring that encrypts them. They must not be stored, printed or sent.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl TryFrom<&[u8]> for DataKey {
    type Error = DecryptError;

    /// Takes what a keyring decrypted; the caller wipes its copy.
    fn try_from(bytes: &[u8]) -> Result<Self, DecryptError> {
        filled(bytes).map(Self)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// The key that seals the frames of exactly one message. Whoever holds it can read and forge that
/// message and no other. Wiped when dropped, never printed, not cloned.
pub struct ContentKey(KeyBytes);

impl ContentKey {
    /// A content key that came over the wire; the caller wipes its copy.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; KEY_LEN]) -> Self {
        let mut key = KeyBytes::default();
        key.copy_from_slice(bytes);
        Self(key)
    }

    /// The bytes, for the answer to the one who may have them and for WebCrypto (R9).
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl TryFrom<&[u8]> for ContentKey {
    type Error = DecryptError;

    /// As [`ContentKey::from_bytes`], of a slice.
    fn try_from(bytes: &[u8]) -> Result<Self, DecryptError> {
        filled(bytes).map(Self)
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

fn filled(bytes: &[u8]) -> Result<KeyBytes, DecryptError> {
    let bytes: &[u8; KEY_LEN] = bytes.try_into().map_err(|_| DecryptError::KeyLen {
        got_bytes: len_of(bytes),
    })?;
    let mut key = KeyBytes::default();
    key.copy_from_slice(bytes);
    Ok(key)
}

/// A message's random id, and the salt of its key derivation. One header is ever made for it (R1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId([u8; MESSAGE_ID_LEN]);

impl MessageId {
    /// A new random id.
    #[must_use]
    pub fn make<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = [0; MESSAGE_ID_LEN];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// An id that exists already.
    #[must_use]
    pub fn from_bytes(bytes: [u8; MESSAGE_ID_LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; MESSAGE_ID_LEN] {
        &self.0
    }
}

impl fmt::Display for MessageId {
    /// 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_printed() {
        let data_key = DataKey::try_from([0xA5; 32].as_slice()).unwrap();
        let content_key = ContentKey::from_bytes(&[0xA5; 32]);
        assert_eq!(format!("{data_key:?}"), "DataKey(..)");
        assert_eq!(format!("{content_key:?}"), "ContentKey(..)");
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for len in [0, 16, 31, 33] {
            assert!(DataKey::try_from(vec![0; len].as_slice()).is_err());
            assert!(ContentKey::try_from(vec![0; len].as_slice()).is_err());
        }
    }
}

//! The keys of a message and its id. They never mix: a keyring makes and opens a data key, a content key
//! seals frames, and a commitment is public.

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

/// A key of 32 bytes on the heap, so that a move leaves no copies behind; wiped when dropped.
pub(crate) type KeyBytes = Box<Zeroizing<[u8; KEY_LEN]>>;

/// The key that a keyring makes for one message, in plaintext. The content key and the commitment are derived
/// from it; it seals nothing itself. The key is wiped when dropped, never printed and not cloned.
pub struct DataKey(KeyBytes);

impl DataKey {
    /// Makes a random data key.
    #[must_use]
    pub fn make<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = KeyBytes::default();
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// Returns the bytes, for a keyring that encrypts them. They must not be stored, printed or sent.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl TryFrom<&[u8]> for DataKey {
    type Error = DecryptError;

    /// Makes a data key from the bytes that a keyring decrypted. The caller wipes its own copy.
    fn try_from(bytes: &[u8]) -> Result<Self, DecryptError> {
        filled(bytes).map(Self)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// The key that seals the frames of exactly one message. Anybody who has it can read and forge that message
/// and no other. The key is wiped when dropped, never printed and not cloned.
pub struct ContentKey(KeyBytes);

impl ContentKey {
    /// Makes a content key from bytes that came over the wire. The caller wipes its own copy.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; KEY_LEN]) -> Self {
        let mut key = KeyBytes::default();
        key.copy_from_slice(bytes);
        Self(key)
    }

    /// Returns the bytes, to answer a caller who may have them, and for WebCrypto (R9).
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl TryFrom<&[u8]> for ContentKey {
    type Error = DecryptError;

    /// Like [`ContentKey::from_bytes`], but from a slice, which must have 32 bytes.
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

/// The random id of a message, which is also the salt of its key derivation. Only one header is ever made for
/// an id (R1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId([u8; MESSAGE_ID_LEN]);

impl MessageId {
    /// Makes a random id.
    #[must_use]
    pub fn make<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = [0; MESSAGE_ID_LEN];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Makes the id from bytes that exist already.
    #[must_use]
    pub fn from_bytes(bytes: [u8; MESSAGE_ID_LEN]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the id.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; MESSAGE_ID_LEN] {
        &self.0
    }
}

impl fmt::Display for MessageId {
    /// Writes 64 lower-case hexadecimal digits.
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

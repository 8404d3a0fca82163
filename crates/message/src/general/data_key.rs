//! Data keys of any length that a suite has.

use core::fmt;

use hkdf::Hkdf;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::Suite;
use super::suite::Derivation;
use crate::aead::Cipher;
use crate::error::DecryptError;
use crate::header::{EncryptedDataKey, EncryptionContext, open_raw_aes};
use crate::key::{Commitment, DataKey, committed};
use crate::suite::{KEY_LEN, MESSAGE_ID_LEN};
use crate::wire::len_of;

/// A data key of 16, 24 or 32 bytes. The key is wiped when dropped, never printed and not cloned.
pub struct AnyDataKey(Zeroizing<Vec<u8>>);

impl AnyDataKey {
    /// Returns the bytes. They must not be stored, printed or sent.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Derives the cipher of a message, and the commitment if the suite has one. Returns `None` if the key is
    /// not as long as the suite's.
    pub(super) fn derive(
        &self,
        suite: Suite,
        message_id: &[u8],
    ) -> Option<(Cipher, Option<Commitment>)> {
        let data_key = self.0.as_slice();
        if data_key.len() != suite.key_len() {
            return None;
        }
        let mut info = suite.id().to_be_bytes().to_vec();
        let mut content_key = Zeroizing::new(vec![0; data_key.len()]);
        let expanded = match suite.derivation() {
            Derivation::Identity => return Some((Cipher::of_any_len(data_key)?, None)),
            Derivation::Committed => {
                let data_key: &[u8; KEY_LEN] = data_key.try_into().ok()?;
                let message_id: &[u8; MESSAGE_ID_LEN] = message_id.try_into().ok()?;
                info.extend_from_slice(b"DERIVEKEY");
                let (key, commitment) = committed(data_key, message_id, &info);
                return Some((Cipher::of_any_len(key.as_slice())?, Some(commitment)));
            }
            Derivation::HkdfSha256 => {
                info.extend_from_slice(message_id);
                Hkdf::<Sha256>::new(None, data_key).expand(&info, &mut content_key)
            }
            Derivation::HkdfSha384 => {
                info.extend_from_slice(message_id);
                Hkdf::<Sha384>::new(None, data_key).expand(&info, &mut content_key)
            }
        };
        expanded.ok()?;
        Some((Cipher::of_any_len(&content_key)?, None))
    }
}

impl TryFrom<&[u8]> for AnyDataKey {
    type Error = DecryptError;

    /// Makes a data key from the bytes that a keyring decrypted. The caller wipes its own copy.
    fn try_from(bytes: &[u8]) -> Result<Self, DecryptError> {
        match bytes.len() {
            16 | 24 | KEY_LEN => Ok(Self(Zeroizing::new(bytes.to_vec()))),
            _ => Err(DecryptError::KeyLen {
                got_bytes: len_of(bytes),
            }),
        }
    }
}

impl From<DataKey> for AnyDataKey {
    fn from(key: DataKey) -> Self {
        Self(Zeroizing::new(key.expose().to_vec()))
    }
}

impl fmt::Debug for AnyDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyDataKey(..)")
    }
}

/// Decrypts a data key that a raw AES keyring of 128, 192 or 256 bits encrypted, for a suite of any key
/// length. Namespace and name must be exactly those in the data key.
///
/// # Errors
/// Returns [`DecryptError::KeyLen`] if `kek` does not have the length of an AES key, and
/// [`DecryptError::Unauthentic`] for another namespace, name, key or context, or altered bytes.
pub fn unwrap_raw_aes(
    kek: &[u8],
    namespace: &str,
    name: &str,
    encrypted: &EncryptedDataKey,
    context: &EncryptionContext,
) -> Result<AnyDataKey, DecryptError> {
    let kek = Cipher::of_any_len(kek).ok_or(DecryptError::KeyLen {
        got_bytes: len_of(kek),
    })?;
    let opened = open_raw_aes(&kek, namespace, name, encrypted, context)?;
    AnyDataKey::try_from(opened.as_slice()).map_err(|_| DecryptError::Unauthentic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lengths_of_aes_keys_are_taken_and_none_is_printed() {
        for len in [16, 24, 32] {
            let key = AnyDataKey::try_from(vec![0xA5; len].as_slice()).unwrap();
            assert_eq!(format!("{key:?}"), "AnyDataKey(..)");
        }
        for len in [0, 1, 15, 17, 23, 25, 31, 33, 64] {
            assert!(AnyDataKey::try_from(vec![0; len].as_slice()).is_err());
        }
    }

    #[test]
    fn a_key_of_another_length_than_the_suites_derives_nothing() {
        for suite in Suite::ALL {
            for len in [16, 24, 32] {
                let key = AnyDataKey::try_from(vec![1; len].as_slice()).unwrap();
                let derived = key.derive(suite, &[2; 32]);
                assert_eq!(derived.is_some(), len == suite.key_len(), "{suite}");
            }
        }
    }
}

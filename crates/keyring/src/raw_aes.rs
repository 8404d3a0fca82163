//! A wrapping key whose bytes the user holds, like the raw AES keyrings of the official SDKs.

use std::fmt;

use sealift_message::{
    EncryptedDataKey, EncryptionContext,
    general::{AnyDataKey, unwrap_raw_aes},
};
use zeroize::Zeroizing;

use crate::KeyringError;

/// Opens data keys under one AES key of 128, 192 or 256 bits, for messages of every suite, but makes none.
/// The key is wiped when dropped, never printed and not cloned.
pub struct RawAesKeyring {
    namespace: String,
    name: String,
    key: Zeroizing<Vec<u8>>,
}

impl RawAesKeyring {
    /// Makes a keyring for `key`. Namespace and name must be those that the writer gave the key, because the
    /// keyring tries no data key with others. The caller wipes its own copy of the key.
    ///
    /// # Errors
    /// Returns [`KeyringError::KeyLen`] if `key` does not have 16, 24 or 32 bytes.
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        key: &[u8],
    ) -> Result<Self, KeyringError> {
        match key.len() {
            16 | 24 | 32 => Ok(Self {
                namespace: namespace.into(),
                name: name.into(),
                key: Zeroizing::new(key.to_vec()),
            }),
            got_bytes => Err(KeyringError::KeyLen { got_bytes }),
        }
    }

    pub(crate) fn matches(&self, encrypted: &EncryptedDataKey) -> bool {
        encrypted.provider_id() == self.namespace
            && encrypted.raw_aes_key_name() == Some(self.name.as_str())
    }

    pub(crate) fn open(
        &self,
        encrypted: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<AnyDataKey, KeyringError> {
        let (namespace, name) = (&self.namespace, &self.name);
        Ok(unwrap_raw_aes(
            &self.key, namespace, name, encrypted, context,
        )?)
    }
}

impl fmt::Debug for RawAesKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawAesKeyring({} {}, ..)", self.namespace, self.name)
    }
}

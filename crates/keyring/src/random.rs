//! The one place where this crate takes randomness: the system's.

use sealift_message::{DataKey, suite::IV_LEN};

use crate::{KeyringError, derive::KeyBytes};

/// 32 random bytes for a key, wiped when dropped.
pub(crate) fn key() -> Result<KeyBytes, getrandom::Error> {
    let mut key = KeyBytes::default();
    getrandom::fill(key.as_mut_slice())?;
    Ok(key)
}

/// A random data key.
pub(crate) fn data_key() -> Result<DataKey, KeyringError> {
    Ok(DataKey::try_from(key()?.as_slice())?)
}

/// A random IV: new for every sealing under a key.
pub(crate) fn iv() -> Result<[u8; IV_LEN], getrandom::Error> {
    let mut iv = [0; IV_LEN];
    getrandom::fill(&mut iv)?;
    Ok(iv)
}

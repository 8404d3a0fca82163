//! All randomness of this crate comes from here, and from the operating system.

use sealift_message::{DataKey, suite::IV_LEN};

use crate::{KeyringError, derive::KeyBytes};

/// Makes a random key of 32 bytes, which is wiped when dropped.
pub(crate) fn key() -> Result<KeyBytes, getrandom::Error> {
    let mut key = KeyBytes::default();
    getrandom::fill(key.as_mut_slice())?;
    Ok(key)
}

/// Makes a random data key.
pub(crate) fn data_key() -> Result<DataKey, KeyringError> {
    Ok(DataKey::try_from(key()?.as_slice())?)
}

/// Makes a random IV. Every sealing under a key needs a new one.
pub(crate) fn iv() -> Result<[u8; IV_LEN], getrandom::Error> {
    let mut iv = [0; IV_LEN];
    getrandom::fill(&mut iv)?;
    Ok(iv)
}

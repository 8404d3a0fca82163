//! Encrypts and decrypts data keys under an AES-256 key of our own (docs/FORMAT.md, header).

use zeroize::Zeroizing;

use super::{EncryptedDataKey, RAW_AES_FORM};
use crate::aead::{Backend, Cipher};
use crate::error::{DecryptError, HeaderError};
use crate::header::EncryptionContext;
use crate::key::DataKey;
use crate::suite::{IV_LEN, KEY_LEN};

/// Encrypts a data key under `kek`, in the form of the official raw AES keyrings, so that they can open it.
///
/// `iv` must be random, and new for every call with the same `kek`. `context` is the whole encryption
/// context: stored and required pairs.
///
/// # Errors
/// Returns [`HeaderError::TooLong`] if namespace or name do not fit, and [`HeaderError::Backend`] if the AEAD
/// backend fails.
pub fn wrap_raw_aes(
    kek: &[u8; KEY_LEN],
    namespace: &str,
    name: &str,
    iv: &[u8; IV_LEN],
    data_key: &DataKey,
    context: &EncryptionContext,
) -> Result<EncryptedDataKey, HeaderError> {
    let mut ciphertext = vec![0; KEY_LEN];
    let tag = Cipher::new(Backend::default(), kek)
        .seal(
            iv,
            &context.serialised(),
            data_key.expose(),
            &mut ciphertext,
        )
        .map_err(|_| HeaderError::Backend)?;
    ciphertext.extend_from_slice(&tag);
    let provider_info = [name.as_bytes(), &RAW_AES_FORM, iv].concat();
    EncryptedDataKey::new(namespace, provider_info, ciphertext)
}

/// Decrypts a data key that [`wrap_raw_aes`] or an official raw AES keyring (AES-256) encrypted.
///
/// # Errors
/// Returns [`DecryptError::Unauthentic`] for another namespace, name, key or context, and for altered bytes.
pub fn unwrap_raw_aes(
    kek: &[u8; KEY_LEN],
    namespace: &str,
    name: &str,
    encrypted: &EncryptedDataKey,
    context: &EncryptionContext,
) -> Result<DataKey, DecryptError> {
    let kek = Cipher::new(Backend::default(), kek);
    let opened = open_raw_aes(&kek, namespace, name, encrypted, context)?;
    DataKey::try_from(opened.as_slice()).map_err(|_| DecryptError::Unauthentic)
}

/// Decrypts a data key of any length. Namespace and name must be exactly those in the data key.
pub(crate) fn open_raw_aes(
    kek: &Cipher,
    namespace: &str,
    name: &str,
    encrypted: &EncryptedDataKey,
    context: &EncryptionContext,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let (its_name, iv) = encrypted
        .raw_aes_name_and_iv()
        .ok_or(DecryptError::Unauthentic)?;
    if encrypted.provider_id() != namespace || its_name != name.as_bytes() {
        return Err(DecryptError::Unauthentic);
    }
    let (ciphertext, tag) = encrypted
        .ciphertext()
        .split_last_chunk()
        .ok_or(DecryptError::Unauthentic)?;
    let mut data_key = Zeroizing::new(vec![0; ciphertext.len()]);
    let aad = context.serialised();
    kek.open(&iv, &aad, ciphertext, tag, data_key.as_mut_slice())?;
    Ok(data_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(tenant: &str) -> EncryptionContext {
        EncryptionContext::from_pairs([("tenant", tenant)]).unwrap()
    }

    #[test]
    fn a_wrapped_key_opens_with_the_same_key_name_and_context_only() {
        let data_key = DataKey::try_from([3; 32].as_slice()).unwrap();
        let wrapped = wrap_raw_aes(
            &[1; 32],
            "sealift",
            "k/1",
            &[9; 12],
            &data_key,
            &context("t"),
        )
        .unwrap();
        assert_eq!(wrapped.raw_aes_key_name(), Some("k/1"));
        let opened = unwrap_raw_aes(&[1; 32], "sealift", "k/1", &wrapped, &context("t")).unwrap();
        assert_eq!(opened.expose(), data_key.expose());
        let refused = [
            unwrap_raw_aes(&[2; 32], "sealift", "k/1", &wrapped, &context("t")),
            unwrap_raw_aes(&[1; 32], "sealeft", "k/1", &wrapped, &context("t")),
            unwrap_raw_aes(&[1; 32], "sealift", "k/2", &wrapped, &context("t")),
            unwrap_raw_aes(&[1; 32], "sealift", "k/1", &wrapped, &context("u")),
        ];
        for result in refused {
            assert_eq!(result.map(drop), Err(DecryptError::Unauthentic));
        }
    }
}

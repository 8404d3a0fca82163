//! The blob from which a records key is opened again: the length of the KMS key's ARN in bytes (a big-endian
//! u16), the ARN, then KMS's ciphertext. Because it holds the ARN, it still opens after the alias has moved.

use sealift_message::EncryptedDataKey;

use crate::KeyringError;

pub(super) fn encode(encrypted: &EncryptedDataKey) -> Vec<u8> {
    let arn = encrypted.provider_info();
    // The pieces of an encrypted data key have u16 lengths.
    let len = u16::try_from(arn.len()).unwrap_or(u16::MAX);
    [&len.to_be_bytes(), arn, encrypted.ciphertext()].concat()
}

pub(super) fn decode(blob: &[u8]) -> Result<EncryptedDataKey, KeyringError> {
    let (len, rest) = blob.split_first_chunk().ok_or(KeyringError::Unauthentic)?;
    let (arn, ciphertext) = rest
        .split_at_checked(u16::from_be_bytes(*len).into())
        .ok_or(KeyringError::Unauthentic)?;
    let arn = core::str::from_utf8(arn).map_err(|_| KeyringError::Unauthentic)?;
    Ok(EncryptedDataKey::aws_kms(arn, ciphertext)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_names_its_key() {
        let encrypted = EncryptedDataKey::aws_kms("arn:aws:kms:r:1:key/k", b"blob").unwrap();
        let blob = encode(&encrypted);
        assert_eq!(blob, b"\0\x15arn:aws:kms:r:1:key/kblob");
        assert_eq!(decode(&blob), Ok(encrypted));
    }

    #[test]
    fn what_is_no_blob_does_not_open() {
        for bytes in [&b""[..], b"\0", b"\0\x01", b"\xFF\xFFarn", b"\0\x01\xFF"] {
            assert_eq!(decode(bytes), Err(KeyringError::Unauthentic), "{bytes:?}");
        }
    }
}

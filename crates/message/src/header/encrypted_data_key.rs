//! The data key, encrypted under a key that lives outside the message.

use super::Limits;
#[cfg(feature = "legacy-suites")]
pub(crate) use raw_aes::open_raw_aes;
#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
pub use raw_aes::{unwrap_raw_aes, wrap_raw_aes};

use crate::error::{DecryptError, Field, HeaderError};
use crate::suite::{AWS_KMS, IV_LEN, TAG_LEN};
use crate::wire::{Reader, len_of, put_counted};

#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
mod raw_aes;

/// The data key as one keyring encrypted it, and the names by which to find that keyring again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedDataKey {
    provider_id: String,
    provider_info: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl EncryptedDataKey {
    /// Makes an encrypted data key from its three fields, as a keyring made them.
    ///
    /// # Errors
    /// Returns [`HeaderError::TooLong`] if a field does not fit its u16 length.
    pub fn new(
        provider_id: impl Into<String>,
        provider_info: impl Into<Vec<u8>>,
        ciphertext: impl Into<Vec<u8>>,
    ) -> Result<Self, HeaderError> {
        let key = Self {
            provider_id: provider_id.into(),
            provider_info: provider_info.into(),
            ciphertext: ciphertext.into(),
        };
        let pieces = [
            key.provider_id.as_bytes(),
            &key.provider_info,
            &key.ciphertext,
        ];
        let longest = pieces.map(len_of).into_iter().max().unwrap_or(0);
        if longest > u64::from(u16::MAX) {
            return Err(HeaderError::TooLong {
                field: Field::EncryptedDataKey,
                got_bytes: longest,
                most_bytes: u16::MAX.into(),
            });
        }
        Ok(key)
    }

    /// Makes an encrypted data key that AWS KMS encrypted. `key_arn` must be the ARN that GenerateDataKey
    /// returned, because official readers refuse a message with an alias.
    ///
    /// # Errors
    /// Fails like [`EncryptedDataKey::new`].
    pub fn aws_kms(key_arn: &str, ciphertext: impl Into<Vec<u8>>) -> Result<Self, HeaderError> {
        Self::new(AWS_KMS, key_arn, ciphertext)
    }

    /// Returns the kind of keyring that made it: `aws-kms`, or a raw AES keyring's namespace.
    #[must_use]
    pub fn provider_id(&self) -> &str {
        &self.provider_id
    }

    /// Returns the bytes by which that keyring finds its key again: the KMS key's ARN, or for raw AES
    /// [`Self::raw_aes_key_name`] and the IV.
    #[must_use]
    pub fn provider_info(&self) -> &[u8] {
        &self.provider_info
    }

    /// Returns the ciphertext of the data key.
    #[must_use]
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// Returns the name of the key-encryption key, if provider info has the form that raw AES keyrings write.
    #[must_use]
    pub fn raw_aes_key_name(&self) -> Option<&str> {
        let (name, _) = self.raw_aes_name_and_iv()?;
        core::str::from_utf8(name).ok()
    }

    /// Splits the provider info of raw AES: name, tag bits (u32), IV length (u32), IV.
    fn raw_aes_name_and_iv(&self) -> Option<(&[u8], [u8; IV_LEN])> {
        let (name_and_form, iv) = self.provider_info.split_last_chunk::<IV_LEN>()?;
        let name = name_and_form.strip_suffix(&RAW_AES_FORM)?;
        Some((name, *iv))
    }

    /// Reads the count and the keys as they stand in a header.
    pub(crate) fn read_all(
        reader: &mut Reader<'_>,
        limits: &Limits,
    ) -> Result<Vec<Self>, DecryptError> {
        let at = reader.at();
        let count = reader.u16()?;
        let field = Field::EncryptedDataKeys;
        if count == 0 {
            return Err(DecryptError::Malformed { field, at });
        }
        if count > limits.data_keys() {
            let most = limits.data_keys().into();
            return Err(limits.over(field, count.into(), most).into());
        }
        (0..count).map(|_| Self::read(reader)).collect()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecryptError> {
        let malformed = DecryptError::Malformed {
            field: Field::EncryptedDataKey,
            at: reader.at(),
        };
        let provider_id = core::str::from_utf8(reader.counted()?).map_err(|_| malformed)?;
        Ok(Self {
            provider_id: provider_id.to_owned(),
            provider_info: reader.counted()?.to_vec(),
            ciphertext: reader.counted()?.to_vec(),
        })
    }

    /// Appends the key to `out` as it stands in a header. Returns `None` if a field is too long.
    pub(super) fn put(&self, out: &mut Vec<u8>) -> Option<()> {
        put_counted(out, self.provider_id.as_bytes())?;
        put_counted(out, &self.provider_info)?;
        put_counted(out, &self.ciphertext)
    }
}

/// Tag bits (128) and IV length (12), u32 each. No other form of AES-GCM is used.
const RAW_AES_FORM: [u8; 8] = [0, 0, 0, 128, 0, 0, 0, 12];

const _: () = assert!(TAG_LEN == 16 && IV_LEN == 12, "RAW_AES_FORM says so");

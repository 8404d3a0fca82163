//! A KEK as the database stores it.

use sealift_message::{
    open_record, seal_record,
    suite::{IV_LEN, KEY_LEN},
};

use super::Kek;
use crate::{
    KeyringError,
    derive::{KeyBytes, derive, fields},
};

const LABEL: &[u8] = b"sealift-kek-wrap-v1";

/// A tenant's sealed KEK. Nothing in it is secret, and (tenant, version) is unique.
///
/// AES-256-GCM seals the KEK under W = HKDF-SHA512(input, salt, info). The wrapper gives input and salt:
/// under `local` the bytes of the key file and no salt; under KMS a data key of its own for each row and
/// the pepper. Info is these fields, each after its length in bytes as a big-endian u64:
///
/// 1. `sealift-kek-wrap-v1`
/// 2. tenant
/// 3. version, a big-endian u32
/// 4. pepper version, a big-endian u32; 0 means no pepper
///
/// The AAD is info and one more field of this form:
///
/// 5. the KMS key's ARN, or `local`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KekRow {
    /// The tenant that the KEK belongs to.
    pub tenant: String,
    /// The version of the tenant's KEK, from 1.
    pub version: u32,
    /// The version of the pepper that the KEK is sealed under; 0 means none.
    pub pepper_version: u32,
    /// The wrapper that the KEK is sealed under: the KMS key's ARN, or `local`.
    pub wrapped_by: String,
    /// The data key that makes W, as KMS encrypted it; none under a key file.
    pub wrapping_key_blob: Option<Vec<u8>>,
    /// The IV of the seal, random for every row.
    pub iv: [u8; IV_LEN],
    /// The sealed KEK: 32 bytes, then the tag of 16 bytes.
    pub sealed: Vec<u8>,
}

impl KekRow {
    /// Seals `kek` into the field `sealed`. The caller has filled all the other fields.
    pub(crate) fn seal(
        mut self,
        input: &[u8; KEY_LEN],
        salt: &[u8],
        kek: KeyBytes,
    ) -> Result<(Self, Kek), KeyringError> {
        if self.version == 0 {
            return Err(KeyringError::VersionZero);
        }
        let wrapping_key = derive(input, salt, &self.info());
        self.sealed = seal_record(&wrapping_key, &self.iv, &self.aad(), kek.as_slice())?;
        let kek = self.kek(kek);
        Ok((self, kek))
    }

    /// Opens the field `sealed`. Fails if input or salt are others, or if a field or a byte was altered.
    pub(crate) fn open(&self, input: &[u8; KEY_LEN], salt: &[u8]) -> Result<Kek, KeyringError> {
        let wrapping_key = derive(input, salt, &self.info());
        let opened = open_record(&wrapping_key, &self.iv, &self.aad(), &self.sealed)?;
        let bytes: &[u8; KEY_LEN] = opened
            .as_slice()
            .try_into()
            .map_err(|_| KeyringError::Unauthentic)?;
        let mut key = KeyBytes::default();
        key.copy_from_slice(bytes);
        Ok(self.kek(key))
    }

    fn kek(&self, key: KeyBytes) -> Kek {
        Kek::new(self.tenant.clone(), self.version, key)
    }

    fn info(&self) -> Vec<u8> {
        fields(&[
            LABEL,
            self.tenant.as_bytes(),
            &self.version.to_be_bytes(),
            &self.pepper_version.to_be_bytes(),
        ])
    }

    fn aad(&self) -> Vec<u8> {
        let mut aad = self.info();
        aad.extend_from_slice(&fields(&[self.wrapped_by.as_bytes()]));
        aad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: [u8; KEY_LEN] = [1; KEY_LEN];

    fn sealed_row() -> KekRow {
        let row = KekRow {
            tenant: "acme".to_owned(),
            version: 3,
            pepper_version: 0,
            wrapped_by: "local".to_owned(),
            wrapping_key_blob: None,
            iv: [9; IV_LEN],
            sealed: Vec::new(),
        };
        let kek = Box::new(zeroize::Zeroizing::new([2; KEY_LEN]));
        row.seal(&INPUT, b"", kek).unwrap().0
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The expected bytes were made by another program (Python's `cryptography`) from the documentation of
    /// [`KekRow`]. They can never change, because rows are stored.
    #[test]
    fn a_row_and_its_records_key_have_the_bytes_that_are_documented() {
        let row = sealed_row();
        assert_eq!(
            hex(&row.sealed),
            "7d1aacab0737aa0c2036331d747cf49a1775009daf6d55e7bf0b3ccdb31725b7\
             8c2d95e7030bd63250be1e354d387373"
        );
        let kek = row.open(&INPUT, b"").unwrap();
        assert_eq!(kek.version(), 3);
        assert_eq!(
            hex(kek.records_key().expose()),
            "10be178a5a4c989cfde0338684fb715c5405b8f05b308a6de49285b1661f4f45"
        );
    }

    /// Made by the same other program: under a KMS data key and a pepper.
    #[test]
    fn a_row_under_a_pepper_has_the_bytes_that_are_documented() {
        let row = KekRow {
            pepper_version: 2,
            wrapped_by: "arn:aws:kms:eu-west-1:111122223333:key/1".to_owned(),
            wrapping_key_blob: Some(b"not part of the seal".to_vec()),
            ..sealed_row()
        };
        let kek = Box::new(zeroize::Zeroizing::new([2; KEY_LEN]));
        let (row, _) = row.seal(&INPUT, &[3; KEY_LEN], kek).unwrap();
        assert_eq!(
            hex(&row.sealed),
            "b57e22bd15b5b602d151c5d43991069a6aab0dda20fc7a8cb44a0d394b02defc\
             00a534adc40cc68a7ec211ac08e94b96"
        );
    }

    #[test]
    fn a_row_with_any_field_altered_does_not_open() {
        let alterations: [fn(&mut KekRow); 9] = [
            |row| row.tenant = "acne".to_owned(),
            |row| row.tenant.clear(),
            |row| row.version = 4,
            |row| row.version = 0,
            |row| row.pepper_version = 1,
            |row| row.wrapped_by = "arn:aws:kms:r:1:key/1".to_owned(),
            |row| row.iv[11] ^= 1,
            |row| row.sealed.truncate(47),
            |row| row.sealed.clear(),
        ];
        for (at, alter) in alterations.iter().enumerate() {
            let mut row = sealed_row();
            alter(&mut row);
            let opened = row.open(&INPUT, b"").map(drop);
            assert_eq!(opened, Err(KeyringError::Unauthentic), "alteration {at}");
        }
    }

    #[test]
    fn a_row_with_any_sealed_byte_altered_does_not_open() {
        for at in 0..48 {
            let mut row = sealed_row();
            row.sealed[at] ^= 0x80;
            assert!(row.open(&INPUT, b"").is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_row_opens_with_the_input_and_the_salt_it_was_sealed_under_only() {
        let row = sealed_row();
        assert!(row.open(&INPUT, b"").is_ok());
        assert!(row.open(&INPUT, b"pepper").is_err());
        assert!(row.open(&[8; KEY_LEN], b"").is_err());
    }
}

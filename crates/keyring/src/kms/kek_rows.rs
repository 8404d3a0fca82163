//! Key rows under a KMS key and the pepper. Each row has a KMS data key of its own, so that one GenerateDataKey
//! or Decrypt seals or opens it, and KMS's log names tenant and version.

use sealift_message::{EncryptedDataKey, EncryptionContext, suite::KEY_LEN};

use super::{KmsKeyring, PURPOSE, TENANT, arn_of};
use crate::{Kek, KekRow, Keyring as _, KeyringError, Pepper, Peppers, derive::KeyBytes, random};

impl KmsKeyring {
    /// Seals a KEK in a new row, under a new KMS data key and the pepper.
    pub(crate) async fn seal_kek(
        &self,
        pepper: &Pepper,
        tenant: &str,
        version: u32,
        kek: KeyBytes,
    ) -> Result<(KekRow, Kek), KeyringError> {
        let (input, encrypted) = self.make(&context_of(tenant, version)?).await?;
        let row = KekRow {
            tenant: tenant.to_owned(),
            version,
            pepper_version: pepper.version(),
            wrapped_by: arn_of(&encrypted)?.whole.to_owned(),
            wrapping_key_blob: Some(encrypted.ciphertext().to_vec()),
            iv: random::iv()?,
            sealed: Vec::new(),
        };
        row.seal(input.expose(), pepper.bytes(), kek)
    }

    /// Opens the KEK in a row. KMS is asked with the row's own ARN, tenant and version.
    pub(crate) async fn open_kek(
        &self,
        peppers: &Peppers,
        row: &KekRow,
    ) -> Result<Kek, KeyringError> {
        let version = row.pepper_version;
        let pepper = peppers.of_version(version);
        let pepper = pepper.ok_or(KeyringError::NoPepper { version })?;
        let blob = row.wrapping_key_blob.as_deref();
        let blob = blob.ok_or(KeyringError::Unauthentic)?;
        let encrypted = EncryptedDataKey::aws_kms(&row.wrapped_by, blob)?;
        let context = context_of(&row.tenant, row.version)?;
        let input = self.open(&encrypted, &context).await?;
        match row.open(input.expose(), pepper.bytes()) {
            Err(KeyringError::Unauthentic) => Err(why(row, input.expose(), peppers, version)),
            opened => opened,
        }
    }
}

/// Says why a row does not open although KMS opened its data key, and so knows ARN, tenant and version.
fn why(row: &KekRow, input: &[u8; KEY_LEN], peppers: &Peppers, version: u32) -> KeyringError {
    let opens = |pepper: &Pepper| row.open(input, pepper.bytes()).is_ok();
    if peppers.other_than(version).is_some_and(opens) {
        KeyringError::SwappedPeppers
    } else {
        KeyringError::WrongPepper { version }
    }
}

/// Returns the context to which KMS binds a row's data key.
fn context_of(tenant: &str, version: u32) -> Result<EncryptionContext, KeyringError> {
    let version = version.to_string();
    let pairs = [
        (PURPOSE, "sealift-kek"),
        (TENANT, tenant),
        ("kek-version", version.as_str()),
    ];
    Ok(EncryptionContext::from_pairs(pairs)?)
}

//! Makes, opens and rewraps key rows. A row says what wrapped it, so a deployment may hold rows of the key
//! file, of several KMS keys and of two peppers at the same time.

use std::sync::Arc;

use super::{Kek, KekRow};
use crate::{KeyFile, KeyringError, KmsKeyring, Peppers, key_file::LOCAL, random};

/// The kinds of wrapper that make new rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KekWrapper {
    /// The key file: the setting `local`.
    KeyFile,
    /// A KMS key and the pepper together: the setting `kek`.
    KmsAndPepper,
}

impl KekWrapper {
    /// Returns the kind of wrapper that sealed this row.
    #[must_use]
    pub fn of(row: &KekRow) -> Self {
        if row.wrapped_by == LOCAL {
            Self::KeyFile
        } else {
            Self::KmsAndPepper
        }
    }
}

/// Everything that a deployment has to open its key rows with. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct KekWrappers {
    /// The key file, if the deployment has one.
    pub key_file: Option<Arc<KeyFile>>,
    /// KMS, if it can be reached.
    pub kms: Option<Arc<KmsKeyring>>,
    /// The peppers, if they are set.
    pub peppers: Option<Peppers>,
}

impl KekWrappers {
    /// Makes a new random KEK and its row. The caller must store the row before it uses the KEK. If the
    /// database already has this version, the caller drops both and opens the stored row instead.
    ///
    /// # Errors
    /// Returns [`KeyringError::OtherWrapper`] if the deployment lacks that wrapper,
    /// [`KeyringError::VersionZero`] if `version` is 0, and the error of KMS if it makes no data key.
    pub async fn make(
        &self,
        by: KekWrapper,
        tenant: &str,
        version: u32,
    ) -> Result<(KekRow, Kek), KeyringError> {
        self.seal(by, tenant, version, random::key()?).await
    }

    /// Opens the KEK in a row.
    ///
    /// # Errors
    /// Returns [`KeyringError::OtherWrapper`] or [`KeyringError::NoPepper`] if the deployment lacks what wrapped
    /// the row, [`KeyringError::WrongPepper`] or [`KeyringError::SwappedPeppers`] if only the pepper does not
    /// fit, [`KeyringError::Unauthentic`] if the row belongs to another key or was altered, and the error of KMS
    /// if it refuses.
    pub async fn open(&self, row: &KekRow) -> Result<Kek, KeyringError> {
        match (KekWrapper::of(row), self) {
            (
                KekWrapper::KeyFile,
                Self {
                    key_file: Some(key_file),
                    ..
                },
            ) => key_file.open_kek(row),
            (
                KekWrapper::KmsAndPepper,
                Self {
                    kms: Some(kms),
                    peppers: Some(peppers),
                    ..
                },
            ) => kms.open_kek(peppers, row).await,
            (KekWrapper::KmsAndPepper, Self { peppers: None, .. }) => Err(KeyringError::NoPepper {
                version: row.pepper_version,
            }),
            _ => Err(other_wrapper(&row.wrapped_by)),
        }
    }

    /// Seals the KEK of a row anew, under that wrapper. The KEK stays the same, so that nothing that it
    /// encrypted changes. The caller replaces the row only if it is still the one that was given.
    ///
    /// # Errors
    /// Fails like [`Self::open`] and [`Self::make`].
    pub async fn rewrap(&self, by: KekWrapper, row: &KekRow) -> Result<KekRow, KeyringError> {
        let kek = self.open(row).await?;
        let (row, _) = self.seal(by, &row.tenant, row.version, kek.key).await?;
        Ok(row)
    }

    async fn seal(
        &self,
        by: KekWrapper,
        tenant: &str,
        version: u32,
        kek: crate::derive::KeyBytes,
    ) -> Result<(KekRow, Kek), KeyringError> {
        match (by, &self.key_file, &self.kms, &self.peppers) {
            (KekWrapper::KeyFile, Some(key_file), _, _) => key_file.seal_kek(tenant, version, kek),
            (KekWrapper::KmsAndPepper, _, Some(kms), Some(peppers)) => {
                kms.seal_kek(peppers.newest(), tenant, version, kek).await
            }
            (KekWrapper::KeyFile, ..) => Err(other_wrapper(LOCAL)),
            (KekWrapper::KmsAndPepper, ..) => Err(other_wrapper("KMS and the pepper")),
        }
    }
}

fn other_wrapper(wrapped_by: &str) -> KeyringError {
    KeyringError::OtherWrapper {
        wrapped_by: wrapped_by.to_owned(),
    }
}

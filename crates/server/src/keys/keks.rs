//! Chooses a tenant's KEK: the newest for new data keys, and any version for old ones. A KEK is replaced by a
//! new version when it is old or has wrapped enough.

use core::time::Duration;
use std::sync::Arc;

use sealift_keyring::{Kek, KekRow, KekWrapper, MayPass as _, kek_version_of};
use sealift_message::suite::AWS_KMS;
use sealift_transfer::api::TenantId;

use super::{Keys, KeysError, wraps::BLOCK};
use crate::{
    config::Keyring,
    records::{AuditAction, FileRow, KeptKek},
};

/// The age at which a KEK wraps no more new data keys.
const KEK_LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);

const FIRST_KEK: u32 = 1;

impl Keys {
    /// Returns the KEK for a new data key, and counts the wrap.
    pub(super) async fn kek_to_wrap_with(&self, tenant: &TenantId) -> Result<Arc<Kek>, KeysError> {
        let mut version = self.newest_row(tenant).await?.version;
        while !self.wraps.take(tenant, version) {
            if self.records.reserve_wraps(tenant, version, BLOCK).await? {
                self.wraps.add(tenant, version);
            } else {
                // This version has wrapped as much as it may. If KMS is away, there is no way around that.
                version = Box::pin(self.add_version(tenant, Some(version)))
                    .await?
                    .version;
            }
        }
        self.kek(tenant, version).await
    }

    /// Returns the version of the tenant's newest KEK.
    pub(super) async fn newest_kek_version(&self, tenant: &TenantId) -> Result<u32, KeysError> {
        Ok(self.newest_row(tenant).await?.version)
    }

    /// Returns whether a new data key of the file's tenant would be encrypted under the same key as the file's own.
    pub(crate) async fn is_newest(&self, file: &FileRow) -> Result<bool, KeysError> {
        // A damaged header names no key, so nothing is known to be newer.
        let Ok(header) = file.header.parsed() else {
            return Ok(false);
        };
        let encrypted = header.header().encrypted_data_keys().first();
        let encrypted = encrypted.ok_or(KeysError::NoSuchKey)?;
        let tenant = &file.scope.tenant;
        Ok(match self.makes {
            Keyring::Local | Keyring::Kek => {
                let newest = self.newest_kek_version(tenant).await?;
                kek_version_of(encrypted, tenant.as_str()) == Some(newest)
            }
            Keyring::Kms => {
                let arn = self.kms_arn.as_ref().map(String::as_bytes);
                encrypted.provider_id() == AWS_KMS && Some(encrypted.provider_info()) == arn
            }
        })
    }

    /// Returns one version of the tenant's KEK.
    pub(super) async fn kek(&self, tenant: &TenantId, version: u32) -> Result<Arc<Kek>, KeysError> {
        // A future on the heap keeps the stacks of the requests small that wait for it.
        let open = Box::pin(async {
            let row = self.records.kek(tenant, version).await?;
            self.open_row(tenant, &row.ok_or(KeysError::NoSuchKey)?)
                .await
        });
        let cache = &self.keks;
        cache
            .get_or_refresh((tenant.to_string(), version), open)
            .await
    }

    async fn open_row(&self, tenant: &TenantId, row: &KekRow) -> Result<Kek, KeysError> {
        let opening = self.wrappers.open(row);
        match KekWrapper::of(row) {
            KekWrapper::KeyFile => Ok(opening.await?),
            KekWrapper::KmsAndPepper => self.ask_kms(tenant, opening).await,
        }
    }

    /// Returns the newest row of the wrapper that the setting names, so that two servers with different
    /// settings do not make versions in turn. Makes a new version if the newest one is too old.
    async fn newest_row(&self, tenant: &TenantId) -> Result<KekRow, KeysError> {
        let newest = self.records.newest_kek(tenant, self.wrapper()?).await?;
        match newest {
            Some(kept) if !self.is_too_old(&kept) => Ok(kept.row),
            Some(kept) => match Box::pin(self.add_version(tenant, Some(kept.row.version))).await {
                // While KMS is away, the old version goes on: its age is a rule, not a danger.
                Err(error) if error.may_pass() => Ok(kept.row),
                added => added,
            },
            None => Box::pin(self.add_version(tenant, None)).await,
        }
    }

    fn is_too_old(&self, kept: &KeptKek) -> bool {
        kept.made_at.later_by(KEK_LIFETIME) <= self.clock.now()
    }

    pub(super) fn wrapper(&self) -> Result<KekWrapper, KeysError> {
        match self.makes {
            Keyring::Local => Ok(KekWrapper::KeyFile),
            Keyring::Kek => Ok(KekWrapper::KmsAndPepper),
            Keyring::Kms => Err(KeysError::NoSuchKey),
        }
    }

    /// Makes a new version although the newest one may wrap more, as after a leak.
    pub(super) async fn rotate(&self, tenant: &TenantId) -> Result<KekRow, KeysError> {
        let newest = self.records.newest_kek(tenant, self.wrapper()?).await?;
        self.add_version(tenant, newest.map(|kept| kept.row.version))
            .await
    }

    /// Makes and stores the tenant's next version, or returns the one that another server has made since the caller
    /// saw that `seen` was the newest of this wrapper. If two servers make it at once, both continue with the row
    /// that was stored first.
    pub(super) async fn add_version(
        &self,
        tenant: &TenantId,
        seen: Option<u32>,
    ) -> Result<KekRow, KeysError> {
        let by = self.wrapper()?;
        loop {
            // This version is read first: a row that is stored after it has the version that is made here.
            let last = self.records.newest_kek_version(tenant).await?;
            let newest = self.records.newest_kek(tenant, by).await?;
            if let Some(kept) = newest.filter(|kept| Some(kept.row.version) > seen) {
                return Ok(kept.row);
            }
            let version = match last {
                Some(last) => last.checked_add(1).ok_or(KeysError::NoSuchKey)?,
                None => FIRST_KEK,
            };
            let making = self.wrappers.make(by, tenant.as_str(), version);
            let (row, _) = match by {
                KekWrapper::KeyFile => making.await?,
                KekWrapper::KmsAndPepper => self.ask_kms(tenant, making).await?,
            };
            let audited = self.audited(AuditAction::MakeKek, tenant.as_str(), Some(version));
            let stored = self.records.add_kek(row, audited).await?;
            // A server with another setting may have been faster, with a row of its own wrapper.
            if KekWrapper::of(&stored) == by {
                return Ok(stored);
            }
        }
    }
}

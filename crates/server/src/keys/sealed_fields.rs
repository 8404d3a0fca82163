//! Seals the fields of the records that would confirm a guess about a name or a content, or
//! computes a keyed fingerprint of them. All use the tenant's records key.

use sealift_keyring::KeyringError;
use sealift_message::{DecryptError, open_record, seal_record};
use sealift_transfer::api::TenantId;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Keys, KeysError, NO_KEK};
use crate::{config::Keyring, random};

impl Keys {
    /// Seals a field at rest: version of the KEK, IV, ciphertext, tag. `bound_to` names the row and
    /// the field; the sealed bytes open in no other field.
    pub(crate) async fn seal_record(
        &self,
        tenant: &TenantId,
        bound_to: &str,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, KeysError> {
        let version = self.newest_version(tenant).await?;
        let key = self.records_key(tenant, version).await?;
        let iv = random::bytes();
        let sealed = seal_record(key.expose(), &iv, bound_to.as_bytes(), plaintext)
            .map_err(KeyringError::from)?;
        Ok([version.to_be_bytes().as_slice(), &iv, &sealed].concat())
    }

    /// Opens the result of [`Self::seal_record`].
    pub(crate) async fn open_record(
        &self,
        tenant: &TenantId,
        bound_to: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let unauthentic = || KeyringError::from(DecryptError::Unauthentic);
        let (version, rest) = sealed.split_first_chunk().ok_or_else(unauthentic)?;
        let (iv, ciphertext) = rest.split_first_chunk().ok_or_else(unauthentic)?;
        let key = self
            .records_key(tenant, u32::from_be_bytes(*version))
            .await?;
        let opened = open_record(key.expose(), iv, bound_to.as_bytes(), ciphertext);
        Ok(opened.map_err(KeyringError::from)?)
    }

    /// Computes the fingerprint of a text, which only this deployment can compute: version of the
    /// KEK, HMAC-SHA256.
    pub(crate) async fn fingerprint(
        &self,
        tenant: &TenantId,
        text: &[u8],
    ) -> Result<Vec<u8>, KeysError> {
        let version = self.newest_version(tenant).await?;
        let key = self.records_key(tenant, version).await?;
        Ok([version.to_be_bytes().as_slice(), &key.fingerprint(text)].concat())
    }

    /// Returns whether [`Self::fingerprint`] made this fingerprint of that text. A fingerprint that
    /// was removed, or whose key is gone, matches no text.
    pub(crate) async fn is_fingerprint_of(
        &self,
        tenant: &TenantId,
        fingerprint: &[u8],
        text: &[u8],
    ) -> Result<bool, KeysError> {
        let Some((version, mac)) = fingerprint.split_first_chunk() else {
            return Ok(false);
        };
        match self.records_key(tenant, u32::from_be_bytes(*version)).await {
            Ok(key) => Ok(key.fingerprint(text).ct_eq(mac).into()),
            Err(error) if error.is_damage() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns the version that new fields are sealed under.
    async fn newest_version(&self, tenant: &TenantId) -> Result<u32, KeysError> {
        match self.makes {
            Keyring::Local | Keyring::Kek => self.newest_kek_version(tenant).await,
            Keyring::Kms => Ok(NO_KEK),
        }
    }
}

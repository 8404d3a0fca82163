//! Makes and opens data keys by AWS KMS. No other module names `aws_sdk_kms`.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_kms::Client;
use sealift_message::{DataKey, EncryptedDataKey, EncryptionContext, suite::AWS_KMS};

use self::regions::Regions;
use crate::{Keyring, KeyringError, RecordsKey};

mod calls;
mod kek_rows;
mod key_arn;
#[cfg(feature = "legacy-suites")]
mod reader;
mod records_blob;
mod regions;
mod setup;

pub use key_arn::KeyArn;
#[cfg(feature = "legacy-suites")]
pub use reader::{DiscoveryFilter, KmsKeys, KmsReach, KmsReader};
pub use setup::{FoundKey, KmsSetup, alias_in};

/// The KMS key to use, and how to reach KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsConfig {
    /// Id, ARN or alias of a symmetric key. An alias may move to another key later; data keys that were made
    /// before still open with the key that made them.
    pub key: String,
    /// An endpoint to use instead of AWS's.
    pub endpoint: Option<String>,
    /// The region; `None` takes the one of the AWS chain. The region in an ARN comes before both.
    pub region: Option<String>,
}

/// A keyring that makes every data key with one KMS key and opens each with the KMS key that made it, in the
/// region of that key. Cheap to clone.
#[derive(Clone)]
pub struct KmsKeyring {
    /// The client for the key that makes data keys.
    client: Client,
    key: String,
    regions: Arc<Regions>,
}

/// The context key that says what a data key is for, if it is not for an object.
const PURPOSE: &str = "purpose";
const TENANT: &str = "tenant";

impl KmsKeyring {
    /// Makes a client by the standard AWS chain, with three attempts a call and 10 s in all. No request is
    /// sent yet: call [`KmsKeyring::prove`] next.
    pub async fn connect(config: &KmsConfig) -> Self {
        Self::with(&shared_config().await, config)
    }

    /// Like [`KmsKeyring::connect`], but with credentials, retries and timeouts that are loaded already.
    #[must_use]
    pub fn with(shared: &SdkConfig, config: &KmsConfig) -> Self {
        let regions = Regions::new(shared.clone(), config.endpoint.clone());
        Self {
            client: regions.client_for_setting(config),
            key: config.key.clone(),
            regions: Arc::new(regions),
        }
    }

    /// Makes a data key and opens it, so that a server without permission for both does not start. Returns
    /// the key's ARN. KMS sees the context {purpose=`sealift-proof`}.
    ///
    /// # Errors
    /// Fails if KMS does not make a data key and open it again.
    pub async fn prove(&self) -> Result<String, KeyringError> {
        let context = EncryptionContext::from_pairs([(PURPOSE, "sealift-proof")])?;
        let (made, encrypted) = self.make(&context).await?;
        let opened = self.open(&encrypted, &context).await?;
        if made.expose() != opened.expose() {
            return Err(KeyringError::Unauthentic);
        }
        Ok(arn_of(&encrypted)?.whole.to_owned())
    }

    /// Makes the key for a tenant's names and metadata in the database, from a new KMS data key. Returns it
    /// with the blob that opens it again. The caller stores the blob; if the tenant already has one, it drops
    /// both and opens the stored one.
    ///
    /// # Errors
    /// Fails if KMS does not make a data key.
    pub async fn make_records_key(
        &self,
        tenant: &str,
    ) -> Result<(RecordsKey, Vec<u8>), KeyringError> {
        let (input, encrypted) = self.make(&records_context(tenant)?).await?;
        let key = RecordsKey::derive(input.expose(), tenant);
        Ok((key, records_blob::encode(&encrypted)))
    }

    /// Opens a blob that [`KmsKeyring::make_records_key`] made for this tenant.
    ///
    /// # Errors
    /// Returns [`KeyringError::Unauthentic`] if the blob is another tenant's or was altered, or another
    /// [`KeyringError`] if KMS does not open it.
    pub async fn open_records_key(
        &self,
        tenant: &str,
        blob: &[u8],
    ) -> Result<RecordsKey, KeyringError> {
        let encrypted = records_blob::decode(blob)?;
        let input = self.open(&encrypted, &records_context(tenant)?).await?;
        Ok(RecordsKey::derive(input.expose(), tenant))
    }
}

impl KmsKeyring {
    /// Encrypts a records key's data key anew, under the key of the settings. Returns the new blob, or `None` if
    /// the blob is under the key with this ARN already. The data key stays the same. Unless the keys are in
    /// different regions, it does not leave KMS.
    ///
    /// # Errors
    /// Returns [`KeyringError::Unauthentic`] if the blob is another tenant's or was altered, or another
    /// [`KeyringError`] if KMS refuses.
    pub async fn rewrap_records_key(
        &self,
        tenant: &str,
        blob: &[u8],
        to_arn: &str,
    ) -> Result<Option<Vec<u8>>, KeyringError> {
        let encrypted = records_blob::decode(blob)?;
        let from = arn_of(&encrypted)?;
        if from.whole == to_arn {
            return Ok(None);
        }
        let context = records_context(tenant)?;
        let ciphertext = encrypted.ciphertext();
        let (arn, ciphertext) = if KeyArn::parse(to_arn).is_some_and(|to| to.region == from.region)
        {
            let client = self.regions.client(from.region);
            calls::re_encrypt(&client, from.whole, ciphertext, to_arn, &context).await?
        } else {
            // ReEncrypt does not reach another region, so the data key passes through here.
            let data_key = self.open(&encrypted, &context).await?;
            calls::encrypt(&self.client, to_arn, &data_key, &context).await?
        };
        let encrypted = EncryptedDataKey::aws_kms(&arn, ciphertext)?;
        Ok(Some(records_blob::encode(&encrypted)))
    }
}

/// Loads the settings of the standard AWS chain, with three attempts a call and 10 s in all.
async fn shared_config() -> SdkConfig {
    use std::time::Duration;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(4))
        .operation_timeout(Duration::from_secs(10));
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts.build())
        .load()
        .await
}

#[async_trait]
impl Keyring for KmsKeyring {
    async fn make(
        &self,
        context: &EncryptionContext,
    ) -> Result<(DataKey, EncryptedDataKey), KeyringError> {
        let made = calls::generate_data_key(&self.client, &self.key, context).await?;
        let encrypted = EncryptedDataKey::aws_kms(&made.key_arn, made.ciphertext)?;
        Ok((made.data_key, encrypted))
    }

    async fn open(
        &self,
        encrypted: &EncryptedDataKey,
        context: &EncryptionContext,
    ) -> Result<DataKey, KeyringError> {
        let key = arn_of(encrypted)?;
        let ciphertext = encrypted.ciphertext();
        let own = self.client.config().region().map(AsRef::as_ref);
        if let Some(replica) = own.and_then(|own| key.replica_in(own)) {
            // A replica in this server's region opens keys even while the other region is away.
            let opened = calls::decrypt(&self.client, &replica, ciphertext, context).await;
            // KMS refuses if there is no replica, or if the policy does not name it.
            if !matches!(&opened, Err(KeyringError::Refused { .. })) {
                return opened;
            }
        }
        let client = self.regions.client(key.region);
        calls::decrypt(&client, key.whole, ciphertext, context).await
    }
}

impl fmt::Debug for KmsKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KmsKeyring({}, ..)", self.key)
    }
}

/// Returns the ARN of the KMS key that made the data key. Refuses an alias, because whoever owns the alias
/// could choose the key.
fn arn_of(encrypted: &EncryptedDataKey) -> Result<KeyArn<'_>, KeyringError> {
    let arn = core::str::from_utf8(encrypted.provider_info()).ok();
    arn.filter(|_| encrypted.provider_id() == AWS_KMS)
        .and_then(KeyArn::parse)
        .ok_or(KeyringError::Unauthentic)
}

fn records_context(tenant: &str) -> Result<EncryptionContext, KeyringError> {
    let pairs = [(PURPOSE, "sealift-records"), (TENANT, tenant)];
    Ok(EncryptionContext::from_pairs(pairs)?)
}

#[cfg(test)]
mod tests;

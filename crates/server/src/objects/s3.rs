//! Speaks S3 through the AWS SDK. No other code names `aws_sdk_s3`.
//!
//! There are two clients, because a signature covers the host: one for the server's own endpoint,
//! which the server uses, and one for the public endpoint, which browsers use ([`presign`]).

use core::time::Duration;
use std::{fmt, ops::Range};

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        timeout::TimeoutConfig,
    },
};
use sealift_transfer::api::{FileId, TenantId, UploadId};

use super::{
    KeyPrefix, ObjectHead, ObjectKey, ObjectRead, ObjectsError, S3UploadId, StoreEncryption,
    StoredObject, VersionId, embedded::EmbeddedCredentials,
};

mod actions;
mod answers;
mod bucket;
mod bucket_rules;
mod encryption;
mod listing;
mod mark;
mod multipart;
mod presign;
mod put;
mod read;
pub(super) mod refusal;
mod signer;

use answers::{translate, translate_of};
pub(crate) use bucket::{FoundTarget, UNFINISHED_RULE};
pub(crate) use bucket_rules::{BucketRule, PublicAccess};
pub use mark::{FoundMark, Mark, Reached};
pub use signer::PRESIGNED_FOR;
use signer::Signer;

/// The address of the bucket, and the credentials for it.
#[derive(Debug, Clone)]
pub struct S3Config {
    /// The endpoint that the server uses; `None` means AWS's endpoint of the region.
    pub endpoint: Option<String>,
    /// The endpoint that browsers use, signed into their URLs; `None` means the same as `endpoint`.
    pub public_endpoint: Option<String>,
    /// The region; `None` means the region of the AWS chain.
    pub region: Option<String>,
    /// The bucket's name.
    pub bucket: String,
    /// The beginning of every object key.
    pub prefix: KeyPrefix,
    /// Whether URLs are `host/bucket/..` instead of `bucket.host/..`.
    pub path_style: bool,
    /// The encryption that the store is asked for.
    pub encryption: StoreEncryption,
    /// The credentials that sign.
    pub credentials: S3Credentials,
}

/// The credentials that sign for the bucket.
#[derive(Clone)]
pub enum S3Credentials {
    /// The standard AWS chain: environment, profile, web identity, container, instance.
    AwsChain,
    /// The embedded store's own credentials.
    Embedded(EmbeddedCredentials),
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AwsChain => f.write_str("AwsChain"),
            Self::Embedded(_) => f.write_str("Embedded(..)"),
        }
    }
}

/// The bucket of this deployment. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Objects {
    own: Client,
    browsers: Signer,
    probe: Signer,
    bucket: String,
    prefix: KeyPrefix,
    encryption: StoreEncryption,
    patience: Patience,
}

/// How long the store may stay silent before a request counts as unanswered. Without these limits
/// the SDK would wait for ever.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// The limit for most requests.
    answer: Duration,
    /// The limit for joining parts, because some stores copy and hash them.
    join: Duration,
    /// The limit for sending a part, because its bytes must arrive first.
    put: Duration,
}

const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(30),
    join: Duration::from_secs(15 * 60),
    put: Duration::from_secs(5 * 60),
};

impl Objects {
    /// Makes the clients and sends nothing yet; [`Objects::prove_store`] sends the first request.
    pub async fn connect(config: &S3Config) -> Self {
        Self::connect_with(config, PATIENCE).await
    }

    async fn connect_with(config: &S3Config, patience: Patience) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(region) = &config.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let S3Credentials::Embedded(credentials) = &config.credentials {
            let (access_key, secret_key) = credentials.pair();
            loader = loader.credentials_provider(aws_sdk_s3::config::Credentials::new(
                access_key,
                secret_key,
                None,
                None,
                "sealift-embedded",
            ));
        }
        let shared = loader.load().await;

        let client_at = |endpoint: Option<&String>| {
            let mut builder = aws_sdk_s3::config::Builder::from(&shared)
                .force_path_style(config.path_style)
                // By default the presigner would sign the CRC of an empty body, which no real body
                // has.
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
                .timeout_config(silence_of(patience.answer))
                // A slow reader may pause our download for as long as it likes. read.rs limits the
                // waits for the store itself.
                .stalled_stream_protection(
                    aws_sdk_s3::config::StalledStreamProtectionConfig::disabled(),
                );
            if let Some(endpoint) = endpoint {
                builder = builder.endpoint_url(endpoint);
            }
            Client::from_conf(builder.build())
        };
        let own = client_at(config.endpoint.as_ref());
        let public = config.public_endpoint.as_ref().or(config.endpoint.as_ref());
        let provider = shared.credentials_provider();
        Self {
            browsers: Signer::new(&client_at(public), provider.clone()),
            probe: Signer::new(&own, provider),
            own,
            bucket: config.bucket.clone(),
            prefix: config.prefix.clone(),
            encryption: config.encryption.clone(),
            patience,
        }
    }

    /// Returns the bucket's name, for records.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Checks that a row's object lies in this bucket. Call this before drawing any conclusion from
    /// what the store has or lacks.
    ///
    /// # Errors
    /// Returns [`ObjectsError::OtherBucket`] if the row names another bucket.
    pub fn must_hold(&self, recorded: &str) -> Result<(), ObjectsError> {
        if recorded == self.bucket {
            return Ok(());
        }
        Err(ObjectsError::OtherBucket {
            recorded: recorded.to_owned(),
            configured: self.bucket.clone(),
        })
    }

    /// Returns the object key for the ciphertext of this upload.
    #[must_use]
    pub fn object_key(&self, tenant: &TenantId, file: &FileId, upload: &UploadId) -> ObjectKey {
        ObjectKey::of(&self.prefix, tenant, file, upload)
    }

    /// Returns the beginning of every object key of this deployment.
    #[must_use]
    pub fn prefix(&self) -> &KeyPrefix {
        &self.prefix
    }

    /// Returns the object at the key now, or that version of it. Returns `None` only if the store's
    /// own code proves the absence.
    ///
    /// # Errors
    /// Fails if the store's answer does not show whether there is an object.
    pub async fn head(
        &self,
        key: &ObjectKey,
        version: Option<&VersionId>,
    ) -> Result<Option<ObjectHead>, ObjectsError> {
        read::head(&self.own, &self.bucket, key, version).await
    }

    /// Proves by reading that `found` is the object in the store. This must come before deleting an
    /// object because it is another one than the recorded one.
    ///
    /// # Errors
    /// Fails if it is not proven; the caller must look again.
    pub async fn prove_read(
        &self,
        key: &ObjectKey,
        found: &ObjectHead,
    ) -> Result<(), ObjectsError> {
        read::prove(&self.own, &self.bucket, key, found).await
    }

    /// Returns whether the store refuses a read that demands another ETag than the object has.
    ///
    /// # Errors
    /// Fails if the store neither answers nor refuses for that reason.
    pub(super) async fn heeds_if_match(
        &self,
        another: &StoredObject,
    ) -> Result<bool, ObjectsError> {
        read::heeds_if_match(&self.own, &self.bucket, another).await
    }

    /// Reads sealed bytes of exactly this object. Version, ETag and length are compared before the
    /// first byte is returned (docs/FORMAT.md, R6).
    ///
    /// # Errors
    /// Returns [`ObjectsError::NotFound`], [`ObjectsError::Replaced`] or another error; later
    /// errors are items of the stream. Returns [`ObjectsError::Length`] if the range is empty or
    /// ends behind the object.
    pub async fn get_range(
        &self,
        object: &StoredObject,
        range: Range<u64>,
    ) -> Result<ObjectRead, ObjectsError> {
        read::get_range(&self.own, &self.bucket, object, range).await
    }

    /// Deletes the object, or that version of it. Succeeds if there is none.
    ///
    /// # Errors
    /// Fails if the object may still be there.
    pub async fn delete(
        &self,
        key: &ObjectKey,
        version: Option<&VersionId>,
    ) -> Result<(), ObjectsError> {
        let asked = self
            .own
            .delete_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .set_version_id(version.map(|version| version.0.clone()))
            .send()
            .await
            .map_err(translate_of(version));
        match asked {
            Ok(_) | Err(ObjectsError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes the object of a file: the recorded version. If the record has no version, all
    /// versions are deleted, because the bucket may keep versions by now.
    ///
    /// # Errors
    /// Fails if the object may still be there.
    pub async fn delete_recorded(
        &self,
        key: &ObjectKey,
        version: Option<&VersionId>,
    ) -> Result<(), ObjectsError> {
        match version {
            Some(version) => self.delete(key, Some(version)).await,
            None => self.remove(key).await,
        }
    }

    /// Drops what an unfinished upload has in the store: its parts, or the object of its single
    /// PUT. Succeeds if there is nothing. A part that is still on its way may arrive later.
    ///
    /// # Errors
    /// Fails if something may still be there.
    pub async fn take_back(
        &self,
        key: &ObjectKey,
        s3_upload_id: Option<&S3UploadId>,
    ) -> Result<(), ObjectsError> {
        match s3_upload_id {
            Some(s3_upload_id) => self.abort_multipart(key, s3_upload_id).await,
            None => self.remove(key).await,
        }
    }

    /// Deletes everything at the key: all versions and all delete markers between them. Succeeds if
    /// there is nothing.
    ///
    /// # Errors
    /// Fails if something may still be there.
    pub async fn remove(&self, key: &ObjectKey) -> Result<(), ObjectsError> {
        while let Some(head) = self.head(key, None).await? {
            self.delete(key, head.version.as_ref()).await?;
            if head.version.is_none() {
                return Ok(());
            }
        }
        self.remove_versions(key).await
    }
}

fn silence_of(longest: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_PATIENCE)
        .read_timeout(longest)
        .build()
}

/// The limit for connecting: a store that cannot be reached is noticed sooner than one that is slow
/// to answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;

//! S3 through the AWS SDK: the only room that names `aws_sdk_s3`.
//!
//! Two clients, because a signature covers the host: the server's own endpoint for what the
//! server does, the public one for what browsers do ([`presign`]).

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
    KeyPrefix, ObjectHead, ObjectKey, ObjectRead, ObjectsError, S3UploadId, StoredObject,
    VersionId, embedded::EmbeddedCredentials,
};

mod answers;
mod listing;
mod mark;
mod multipart;
mod presign;
mod put;
mod read;
pub(super) mod refusal;
mod signer;

use answers::translate;
pub use mark::{FoundMark, Mark, Reached};
pub use signer::PRESIGNED_FOR_MS;
use signer::Signer;

/// Where the bucket is and who signs for it.
#[derive(Debug, Clone)]
pub struct S3Config {
    /// The server's own way to the store; `None`: AWS's endpoint of the region.
    pub endpoint: Option<String>,
    /// The browsers' way, signed into their URLs; `None`: the same as `endpoint`.
    pub public_endpoint: Option<String>,
    /// `None`: what the AWS chain says.
    pub region: Option<String>,
    /// Its name.
    pub bucket: String,
    /// Begins every object key.
    pub prefix: KeyPrefix,
    /// `host/bucket/..` instead of `bucket.host/..`.
    pub path_style: bool,
    /// Who signs.
    pub credentials: S3Credentials,
}

/// Who signs for the bucket.
#[derive(Clone)]
pub enum S3Credentials {
    /// The standard AWS chain: environment, profile, web identity, container, instance.
    AwsChain,
    /// The embedded store's own.
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

/// The bucket of this deployment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    own: Client,
    browsers: Signer,
    probe: Signer,
    bucket: String,
    prefix: KeyPrefix,
    patience: Patience,
}

/// How long the store may keep silent after a request before it counts as not answered. The SDK
/// would wait for ever.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For most requests.
    answer: Duration,
    /// For joining parts, which some stores copy and hash.
    join: Duration,
    /// For the bytes of a part to be sent first.
    put: Duration,
}

const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(30),
    join: Duration::from_secs(15 * 60),
    put: Duration::from_secs(5 * 60),
};

impl Objects {
    /// Makes the clients; nothing is sent yet ([`Objects::prove_store`] is the first to).
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
                // Else the presigner would sign the CRC of an empty body (DESIGN.md 9).
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
                .timeout_config(silence_of(patience.answer))
                // A slow reader pauses our download for as long as it likes; read.rs bounds the
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
            patience,
        }
    }

    /// The bucket's name, for records.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Makes sure that a row's object lies in this bucket. Whoever draws a conclusion from what the
    /// store has, or has not, asks this first.
    ///
    /// # Errors
    /// [`ObjectsError::OtherBucket`].
    pub fn must_hold(&self, recorded: &str) -> Result<(), ObjectsError> {
        if recorded == self.bucket {
            return Ok(());
        }
        Err(ObjectsError::OtherBucket {
            recorded: recorded.to_owned(),
            configured: self.bucket.clone(),
        })
    }

    /// Where the ciphertext of this upload will lie.
    #[must_use]
    pub fn object_key(&self, tenant: &TenantId, file: &FileId, upload: &UploadId) -> ObjectKey {
        ObjectKey::of(&self.prefix, tenant, file, upload)
    }

    /// Begins every object key of this deployment.
    #[must_use]
    pub fn prefix(&self) -> &KeyPrefix {
        &self.prefix
    }

    /// The object that lies there now, or in that version; `None` only by the store's own code.
    ///
    /// # Errors
    /// Where it cannot be known.
    pub async fn head(
        &self,
        key: &ObjectKey,
        version: Option<&VersionId>,
    ) -> Result<Option<ObjectHead>, ObjectsError> {
        read::head(&self.own, &self.bucket, key, version).await
    }

    /// Proves by reading that this is what the store has there. Nothing is deleted for being
    /// another object before that.
    ///
    /// # Errors
    /// Where it is not proven: look again.
    pub async fn prove_read(
        &self,
        key: &ObjectKey,
        found: &ObjectHead,
    ) -> Result<(), ObjectsError> {
        read::prove(&self.own, &self.bucket, key, found).await
    }

    /// Whether the store refuses to read where another ETag is asked for than lies there.
    ///
    /// # Errors
    /// Where it does neither.
    pub(super) async fn heeds_if_match(
        &self,
        another: &StoredObject,
    ) -> Result<bool, ObjectsError> {
        read::heeds_if_match(&self.own, &self.bucket, another).await
    }

    /// Sealed bytes of exactly this object. Version, ETag and length are compared before a byte
    /// is given (FORMAT.md R6).
    ///
    /// # Errors
    /// [`ObjectsError::NotFound`], [`ObjectsError::Replaced`], and others; later ones are items
    /// of the stream. [`ObjectsError::Length`] for a range that is empty or ends behind the
    /// object.
    pub async fn get_range(
        &self,
        object: &StoredObject,
        range: Range<u64>,
    ) -> Result<ObjectRead, ObjectsError> {
        read::get_range(&self.own, &self.bucket, object, range).await
    }

    /// Deletes the object, or that version of it. Nothing there is fine.
    ///
    /// # Errors
    /// Where it may still be there.
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
            .map_err(translate);
        match asked {
            Ok(_) | Err(ObjectsError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes the object of a file: the version of the record or, where the record has none,
    /// whatever lies there, since the bucket may keep versions by now.
    ///
    /// # Errors
    /// Where it may still be there.
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

    /// Drops what an unfinished upload has in the store: its parts, or what its single PUT made.
    /// Nothing there is fine. What is still being sent may come later.
    ///
    /// # Errors
    /// Where something may still be there.
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

    /// Deletes whatever lies there, all versions of it and all markers between them. Nothing there
    /// is fine.
    ///
    /// # Errors
    /// Where something may still be there.
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

/// A store that cannot be reached is noticed sooner than one that works.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;

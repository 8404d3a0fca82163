//! The store of a deployment for an operator's command, beside a server that runs or not.

use super::{
    Objects, S3Config, S3Credentials, StoreError, bucket_of,
    embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials},
};
use crate::config::Config;

/// A client of the store, and the embedded store where that is the one.
pub(crate) struct CommandStore {
    pub(crate) objects: Objects,
    _embedded: Option<Embedded>,
}

impl CommandStore {
    /// Opens the configured store. The embedded one listens on a free port of its own, so that a
    /// server may run beside it; its folder is made where it is absent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn open(config: &Config) -> Result<Self, StoreError> {
        if let Some(s3) = bucket_of(config) {
            return Ok(Self {
                objects: Objects::connect(&s3).await,
                _embedded: None,
            });
        }
        let credentials = EmbeddedCredentials::keep_in(&config.store_credentials_file())?;
        let embedded = Embedded::start(EmbeddedConfig {
            folder: config.store_folder(),
            address: ([127, 0, 0, 1], 0).into(),
            bucket: config.bucket.clone(),
            page_origins: Vec::new(),
            credentials: credentials.clone(),
        });
        let embedded = embedded.await?;
        let s3 = S3Config {
            endpoint: Some(embedded.endpoint()),
            public_endpoint: None,
            region: Some("us-east-1".to_owned()),
            bucket: config.bucket.clone(),
            prefix: config.prefix.clone(),
            path_style: true,
            credentials: S3Credentials::Embedded(credentials),
        };
        Ok(Self {
            objects: Objects::connect(&s3).await,
            _embedded: Some(embedded),
        })
    }

    /// Whether the embedded store, where that is the one, was ever made.
    pub(crate) fn is_made(config: &Config) -> bool {
        bucket_of(config).is_some() || config.store_folder().join(&config.bucket).is_dir()
    }
}

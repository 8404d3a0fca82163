//! Opens the store of a deployment for an operator's command, whether or not a server is running.

use super::{
    Objects, S3Config, S3Credentials, StoreEncryption, StoreError, bucket_of,
    embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials},
    public_endpoint_of,
};
use crate::config::Config;

/// A client of the store, and the running embedded store if that is the configured one.
pub(crate) struct CommandStore {
    pub(crate) objects: Objects,
    _embedded: Option<Embedded>,
}

impl CommandStore {
    /// Opens the configured store. The embedded store listens on a free port of its own, so that a
    /// server may run at the same time; its folder is created if absent.
    ///
    /// # Errors
    /// Returns a [`StoreError`] if the embedded store does not start.
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
            // A running server's own store is there, on the same folder.
            public_endpoint: public_endpoint_of(config).clone(),
            region: Some("us-east-1".to_owned()),
            bucket: config.bucket.clone(),
            prefix: config.prefix.clone(),
            path_style: true,
            encryption: StoreEncryption::default(),
            credentials: S3Credentials::Embedded(credentials),
        };
        Ok(Self {
            objects: Objects::connect(&s3).await,
            _embedded: Some(embedded),
        })
    }

    /// Returns whether the store exists: the embedded store may never have been created.
    pub(crate) fn is_made(config: &Config) -> bool {
        bucket_of(config).is_some() || config.store_folder().join(&config.bucket).is_dir()
    }
}

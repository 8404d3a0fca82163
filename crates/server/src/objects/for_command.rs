//! Opens the store of a deployment for an operator's command, whether or not a server is running.

use super::{
    Objects, S3Config, S3Credentials, StoreEncryption, StoreError, bucket_of,
    embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials, EmbeddedError, served_at},
    public_endpoint_of,
};
use crate::config::Config;

/// A client of the store, and the running embedded store if that is the configured one.
pub(crate) struct CommandStore {
    pub(crate) objects: Objects,
    _embedded: Option<Embedded>,
}

impl CommandStore {
    /// Opens the configured store. If a server runs with the embedded store, this uses that one; otherwise it
    /// starts the store on a free port. Its folder is created if absent.
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
        let folder = config.store_folder();
        let credentials = EmbeddedCredentials::keep_in(&config.store_credentials_file())?;
        let unusable = |error| EmbeddedError::Folder(folder.clone(), error);
        std::fs::create_dir_all(&folder).map_err(unusable)?;
        let (endpoint, embedded) = match served_at(&folder).map_err(unusable)? {
            Some(address) => (format!("http://{address}"), None),
            None => {
                let embedded = Embedded::start(EmbeddedConfig {
                    folder,
                    address: ([127, 0, 0, 1], 0).into(),
                    bucket: config.bucket.clone(),
                    page_origins: Vec::new(),
                    credentials: credentials.clone(),
                });
                let embedded = embedded.await?;
                (embedded.endpoint(), Some(embedded))
            }
        };
        let s3 = S3Config {
            endpoint: Some(endpoint),
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
            _embedded: embedded,
        })
    }

    /// Returns whether the store exists: the embedded store may never have been created.
    pub(crate) fn is_made(config: &Config) -> bool {
        bucket_of(config).is_some() || config.store_folder().join(&config.bucket).is_dir()
    }
}

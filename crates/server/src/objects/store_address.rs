//! The address of a deployment's objects, as its database stores it.

use core::fmt;

use crate::config::{Config, StoreConfig};

/// A bucket of a store, and the prefix in it. The database stores it from the first start on, so
/// that a server with other settings does not treat the objects as lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreAddress {
    /// The endpoint that the server uses; `aws` or `embedded` if the settings name none.
    pub endpoint: String,
    /// The bucket's name.
    pub bucket: String,
    /// The beginning of every object key.
    pub prefix: String,
}

impl StoreAddress {
    /// Returns the address in the settings.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let endpoint = match &config.store {
            StoreConfig::Embedded { .. } => "embedded",
            StoreConfig::S3 { endpoint: None, .. } => "aws",
            StoreConfig::S3 {
                endpoint: Some(endpoint),
                ..
            } => endpoint.trim_end_matches('/'),
        };
        Self {
            endpoint: endpoint.to_owned(),
            bucket: config.bucket.clone(),
            prefix: config.prefix.to_string(),
        }
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bucket, prefix) = (&self.bucket, &self.prefix);
        match self.endpoint.as_str() {
            "aws" => write!(f, "{prefix}/ in the bucket {bucket} of AWS"),
            "embedded" => write!(f, "{prefix}/ in the bucket {bucket} of the embedded store"),
            endpoint => write!(f, "{prefix}/ in the bucket {bucket} at {endpoint}"),
        }
    }
}

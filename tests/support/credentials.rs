//! The credentials of the stores and of KMS. Every test and bench reads them here.

use std::{env, fmt, fs, path::Path};

use anyhow::{Context as _, Result};
use aws_sdk_s3::config::Credentials;
use sealift_server::objects::embedded::EmbeddedCredentials;
use serde::{Deserialize, Serialize};

/// An access key and its secret. Debug prints neither.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoreCredentials {
    /// The access key, which names the pair.
    pub access_key: String,
    /// The secret, which signs requests.
    pub secret_key: String,
}

impl fmt::Debug for StoreCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreCredentials(..)")
    }
}

impl StoreCredentials {
    /// Returns the pair in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, which the server's AWS credential chain
    /// finds too. Every store that a test starts beside the server accepts exactly this pair.
    ///
    /// # Errors
    /// Fails if one of the variables is not set.
    pub fn from_environment() -> Result<Self> {
        let variable = |name: &str| {
            env::var(name).with_context(|| {
                format!("{name} is not set; run `cargo xtask test --only stories`, which sets it")
            })
        };
        Ok(Self {
            access_key: variable("AWS_ACCESS_KEY_ID")?,
            secret_key: variable("AWS_SECRET_ACCESS_KEY")?,
        })
    }

    /// Returns the pair that the server made for its embedded store and keeps in this file.
    ///
    /// # Errors
    /// Fails if the file cannot be read or holds something else.
    pub fn from_file(path: &Path) -> Result<Self> {
        let kept = fs::read(path)?;
        serde_json::from_slice(&kept).context("the embedded store's credentials are kept otherwise")
    }

    /// Returns the pair that moto accepts, as it accepts every other pair.
    #[must_use]
    pub fn of_moto() -> Self {
        Self {
            access_key: "testing".to_owned(),
            secret_key: "testing".to_owned(),
        }
    }

    /// Returns the same pair for an embedded store.
    ///
    /// # Errors
    /// Fails if the embedded store keeps its credentials in another form.
    pub fn embedded(&self) -> Result<EmbeddedCredentials> {
        Ok(serde_json::from_value(serde_json::to_value(self)?)?)
    }

    /// Returns the same pair for a client of the AWS SDK.
    #[must_use]
    pub fn sdk(&self) -> Credentials {
        let (access_key, secret_key) = (self.access_key.clone(), self.secret_key.clone());
        Credentials::new(access_key, secret_key, None, None, "tests")
    }
}

//! Opens the store of a deployment for an operator's command, whether or not a server is running.

use core::time::Duration;

use super::{
    Objects, StoreError, bucket_of,
    embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials, EmbeddedError, served_at},
    open::of_embedded,
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
        let wanted = EmbeddedConfig {
            folder,
            address: ([127, 0, 0, 1], 0).into(),
            bucket: config.bucket.clone(),
            page_origins: Vec::new(),
            credentials: credentials.clone(),
        };
        let (endpoint, embedded) = started_or_found(wanted).await?;
        let s3 = of_embedded(config, endpoint, credentials);
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

/// The most attempts to start a store, or to find the one that runs.
const MOST_ATTEMPTS: u32 = 40;
/// The time between two attempts. A store writes its address within a moment after it has taken the lock.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

/// Starts a store, or finds the endpoint of the one that serves the folder. Only the refused lock shows that one runs,
/// because it may start or stop between a look and a start.
async fn started_or_found(
    wanted: EmbeddedConfig,
) -> Result<(String, Option<Embedded>), EmbeddedError> {
    let mut attempts = 1;
    loop {
        let folder = match Embedded::start(wanted.clone()).await {
            Ok(embedded) => return Ok((embedded.endpoint(), Some(embedded))),
            Err(EmbeddedError::InUse(folder)) => folder,
            Err(error) => return Err(error),
        };
        match served_at(&folder) {
            Ok(Some(address)) => return Ok((format!("http://{address}"), None)),
            Ok(None) if attempts < MOST_ATTEMPTS => {
                attempts = attempts.saturating_add(1);
                tokio::time::sleep(BETWEEN_ATTEMPTS).await;
            }
            Ok(None) => return Err(EmbeddedError::InUse(folder)),
            Err(error) => return Err(EmbeddedError::Folder(folder, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_waits_for_the_store_that_just_starts() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = || EmbeddedConfig {
            folder: folder.path().join("objects"),
            address: ([127, 0, 0, 1], 0).into(),
            bucket: "b".to_owned(),
            page_origins: Vec::new(),
            credentials: EmbeddedCredentials::from_random(&[7; 52]),
        };
        let running = Embedded::start(wanted()).await.unwrap();
        let found = started_or_found(wanted()).await.unwrap();
        assert_eq!(found.0, running.endpoint());
        assert!(found.1.is_none());
        // The store has the lock, but did not write its address yet.
        let address = folder.path().join("objects/.served-at");
        std::fs::write(&address, "").unwrap();
        let (found, ()) = tokio::join!(started_or_found(wanted()), async {
            tokio::task::yield_now().await;
            std::fs::write(&address, running.address().to_string()).unwrap();
        });
        assert_eq!(found.unwrap().0, running.endpoint());
    }
}

//! The write path: a source in, a file's record out. [`sealift_transfer::Upload`] decides; this
//! carries its commands out and tells it what came of them.

mod driver;

use sealift_transfer::{
    api::{FileRecord, UploadId},
    upload::Settings,
};
use tokio_util::sync::CancellationToken;

use crate::{
    client::Client,
    error::RequestError,
    part_sealer::PartSealerError,
    random,
    source::{Source, SourceError},
};
use driver::Driver;

/// What is said of a file, and how it is sent.
#[derive(Debug, Clone, Default)]
pub struct UploadOptions {
    /// Its name as the person knows it.
    pub name: String,
    /// Its media type, if known; only shown, never trusted.
    pub content_type: Option<String>,
    /// The caller's own data.
    pub metadata: Option<serde_json::Value>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// How many parts are held at a time: this many parts of memory.
    pub settings: Settings,
}

impl UploadOptions {
    /// A name and nothing else.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Plaintext bytes of the parts that the store has taken.
    pub stored_plaintext_len: u64,
    /// Plaintext bytes in all.
    pub plaintext_len: u64,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// As was wished; the upload is taken back.
    #[error("the upload was cancelled")]
    Cancelled,
    /// The source failed; the upload is taken back.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What the server sent is not fit for sealing; the upload is taken back.
    #[error(transparent)]
    Sealing(PartSealerError),
    /// A request failed for good. What is stored stays until the upload expires, or is aborted.
    #[error("{error}")]
    Failed {
        /// The upload, if the server began one.
        upload_id: Option<UploadId>,
        /// How.
        #[source]
        error: RequestError,
    },
    /// The server's answers contradict each other, or this is a fault of ours.
    #[error("the upload cannot go on: {0}; begin again, and tell us if that does not help")]
    Broken(&'static str),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes; nothing is sent without them")]
    NoRandomness,
}

impl From<PartSealerError> for UploadError {
    fn from(error: PartSealerError) -> Self {
        match error {
            PartSealerError::Source(error) => Self::Source(error),
            error => Self::Sealing(error),
        }
    }
}

impl Client {
    /// Seals `source` and sends it in parts, several at a time; requests that fail for a while are
    /// made again. `progress` begins with 0 and hears of every part that is stored. `cancel` takes the upload back,
    /// unless it is complete by then. Dropping the future instead leaves the upload open until it
    /// expires.
    ///
    /// # Errors
    /// [`UploadError`].
    pub async fn upload(
        &self,
        source: impl Source,
        options: UploadOptions,
        mut progress: impl FnMut(Progress),
        cancel: CancellationToken,
    ) -> Result<FileRecord, UploadError> {
        let token = random::client_token().map_err(|_| UploadError::NoRandomness)?;
        let settings = options.settings;
        let driver = Driver::new(self.clone(), source, options, token);
        driver.drive(settings, &mut progress, cancel).await
    }
}

#[cfg(test)]
mod tests;

//! The write path: a source in, a file's record out. [`sealift_transfer::Upload`] decides; this
//! carries its commands out and tells it what came of them.

mod control;
mod driver;
mod error;

use sealift_transfer::{
    Upload,
    api::{FileRecord, OpenUpload, UploadId},
    upload::{Resume, Settings},
};

use crate::{client::Client, random, source::Source};
use control::Wishes;
use driver::{Begun, Driver};

pub use control::UploadControl;
pub use error::UploadError;

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

/// How an upload goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResumeOptions {
    /// Whether the rest of a file is sent that was modified since the start, although what was
    /// signed of it is the same. Otherwise that is [`UploadError::Unchecked`].
    pub sends_unchecked: bool,
    /// Whether it is [`UploadError::Gone`] that somebody else has completed the upload meanwhile:
    /// nothing of `source` was compared with it then. Otherwise that gives its record, as is wanted
    /// where the answer to the completion was lost.
    pub must_compare: bool,
    /// How many parts are held at a time: this many parts of memory.
    pub settings: Settings,
}

/// How far an upload is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The upload, once the server has begun it: keep it to resume after a crash.
    pub upload_id: Option<UploadId>,
    /// Plaintext bytes that were compared with what was signed before, in an upload that goes on.
    pub compared_plaintext_len: u64,
    /// Plaintext bytes to be compared before anything is sent; 0 in an upload that was begun here.
    pub to_compare_plaintext_len: u64,
    /// Plaintext bytes of the parts that the store has taken.
    pub stored_plaintext_len: u64,
    /// Plaintext bytes in all.
    pub plaintext_len: u64,
    /// Until the next attempt, where a request failed and nothing came of another one since.
    pub retries_in_ms: Option<u64>,
}

impl Client {
    /// Seals `source` and sends it in parts, several at a time; requests that fail for a while are
    /// made again. `progress` begins with 0, then hears
    /// of the upload's id and of every part that is stored. `control` (or a
    /// [`CancellationToken`](tokio_util::sync::CancellationToken)) pauses it, leaves it or takes it
    /// back. Dropping the future leaves the upload as it is, like
    /// [`UploadControl::leave`].
    ///
    /// # Errors
    /// [`UploadError`].
    pub async fn upload(
        &self,
        source: impl Source,
        options: UploadOptions,
        mut progress: impl FnMut(Progress),
        control: impl Into<UploadControl>,
    ) -> Result<FileRecord, UploadError> {
        let client_token = random::client_token().map_err(|_| UploadError::NoRandomness)?;
        let request = OpenUpload {
            client_token,
            name: options.name,
            content_type: options.content_type,
            size: source.plaintext_len(),
            last_modified_ms: source.last_modified_ms(),
            metadata: options.metadata,
            reference: options.reference,
        };
        let machine = Upload::start(options.settings);
        let driver = Driver::new(self.clone(), source, Begun::Here(request), options.settings);
        let wishes = Wishes::of(control.into());
        driver.drive(machine, &mut progress, wishes).await
    }

    /// Goes on with an upload that was begun earlier, by whomever of the same owner, wherever:
    /// [`Client::unfinished`] lists them. Every part that was ever signed is sealed again from
    /// `source` and compared before a byte is sent. Otherwise like [`Client::upload`].
    ///
    /// # Errors
    /// [`UploadError`]. But for [`UploadError::Gone`] the upload stays as it is.
    pub async fn resume(
        &self,
        upload_id: UploadId,
        source: impl Source,
        options: ResumeOptions,
        mut progress: impl FnMut(Progress),
        control: impl Into<UploadControl>,
    ) -> Result<FileRecord, UploadError> {
        let resume = Resume {
            upload_id: upload_id.clone(),
            size: source.plaintext_len(),
            last_modified_ms: source.last_modified_ms(),
        };
        let machine = Upload::resume(options.settings, resume);
        let begun = Begun::Earlier {
            upload_id,
            sends_unchecked: options.sends_unchecked,
            must_compare: options.must_compare,
        };
        let driver = Driver::new(self.clone(), source, begun, options.settings);
        let wishes = Wishes::of(control.into());
        driver.drive(machine, &mut progress, wishes).await
    }
}

#[cfg(test)]
mod tests;

//! Uploads: a source goes in, and a file's record comes out. [`sealift_transfer::Driver`] decides what
//! to do. The uploader here carries out its effects and reports the results.

mod control;
mod effects;
mod error;
mod sealing;
mod uploader;

use sealift_transfer::{
    api::{FileRecord, OpenUpload, UploadId},
    upload::Settings,
};

use crate::{client::Client, random, source::Source};
use control::Controls;
use uploader::{Begun, Uploader};

pub use control::UploadControl;
pub use error::UploadError;

/// The usual settings of an upload: ten parts may be sent, while four more are sealed or wait for their
/// signature. The memory of all uploads together has its own limit, in `part_buffers.rs`.
const SETTINGS: Settings = Settings {
    most_parts_held: 14,
};

/// The description of a file and the settings of its upload.
#[derive(Debug, Clone)]
pub struct UploadOptions {
    /// The file's name as the person knows it.
    pub name: String,
    /// The file's media type, if known. The server only shows it and never trusts it.
    pub content_type: Option<String>,
    /// The caller's own data.
    pub metadata: Option<serde_json::Value>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// The settings of the upload, which say how many parts are held in memory at most.
    pub settings: Settings,
}

impl Default for UploadOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            content_type: None,
            metadata: None,
            reference: None,
            settings: SETTINGS,
        }
    }
}

impl UploadOptions {
    /// Returns options with a name and nothing else.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// The options of a resumed upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeOptions {
    /// Whether the rest of a file is sent if the file was modified since the start, although its signed
    /// parts are the same. If `false`, such a resume ends with [`UploadError::Unchecked`].
    pub sends_unchecked: bool,
    /// Whether the resume ends with [`UploadError::Gone`] if somebody else has completed the upload
    /// meanwhile, because then nothing of `source` was compared with it. If `false`, the resume returns
    /// the record, which is right if only the answer to the completion was lost.
    pub must_compare: bool,
    /// The settings of the upload, which say how many parts are held in memory at most.
    pub settings: Settings,
}

impl Default for ResumeOptions {
    fn default() -> Self {
        Self {
            sends_unchecked: false,
            must_compare: false,
            settings: SETTINGS,
        }
    }
}

/// The progress of an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The upload, once the server has opened it. Keep the id to resume after a crash.
    pub upload_id: Option<UploadId>,
    /// Plaintext bytes that a resumed upload has compared with the parts that were signed before.
    pub compared_plaintext_len: u64,
    /// Plaintext bytes to be compared before anything is sent; 0 for a new upload.
    pub to_compare_plaintext_len: u64,
    /// Plaintext bytes of the parts that the store has.
    pub stored_plaintext_len: u64,
    /// Plaintext bytes in all.
    pub plaintext_len: u64,
    /// Milliseconds until the next attempt, if a request failed and no result of another one has
    /// arrived since.
    pub retries_in_ms: Option<u64>,
}

impl Client {
    /// Seals `source` and sends it in parts, several at a time. Requests that fail for a while are
    /// retried. `progress` is called first with 0, then with the upload's id and after every stored
    /// part. `control` (or a [`CancellationToken`](tokio_util::sync::CancellationToken)) pauses, leaves
    /// or cancels the upload. Dropping the future leaves the upload as it is, like
    /// [`UploadControl::leave`].
    ///
    /// # Errors
    /// Returns an [`UploadError`] if the upload ends without a file.
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
        let begun = Begun::Here(request);
        let (uploader, effects) = Uploader::new(self.clone(), source, begun, options.settings);
        let controls = Controls::of(control.into());
        uploader.run(effects, &mut progress, controls).await
    }

    /// Resumes an upload that was begun earlier, by any client of the same owner;
    /// [`Client::unfinished`] lists such uploads. Every part that was ever signed is sealed again from
    /// `source` and compared before a byte is sent. Otherwise this works like [`Client::upload`].
    ///
    /// # Errors
    /// Returns an [`UploadError`] if the upload ends without a file. The upload stays on the server,
    /// except after [`UploadError::Gone`] or [`UploadError::Cancelled`].
    pub async fn resume(
        &self,
        upload_id: UploadId,
        source: impl Source,
        options: ResumeOptions,
        mut progress: impl FnMut(Progress),
        control: impl Into<UploadControl>,
    ) -> Result<FileRecord, UploadError> {
        let begun = Begun::Earlier { upload_id, options };
        let (uploader, effects) = Uploader::new(self.clone(), source, begun, options.settings);
        let controls = Controls::of(control.into());
        uploader.run(effects, &mut progress, controls).await
    }
}

#[cfg(test)]
mod tests;

//! A very large file that takes almost no disk space. The store holds a real object of 10 GiB, but only the frames that
//! a story reads are really sealed. The rest is a hole in the store's file and would not decrypt.

use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    ops::Range,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use sealift_message::{ContentKey, FrameSealer, StoredHeader};
use sealift_server::{
    Clock,
    objects::ETag,
    records::{AuditAction, AuditRow, CompletedObject, LeaseOwner, Records},
};
use sealift_transfer::api::{FileId, OpenedUpload, open};
use serde_json::json;

use crate::Stack;

/// A file of [`LargeFile::SIZE`] bytes of which some frames can be read.
#[derive(Debug)]
pub struct LargeFile {
    stack: Stack,
    file_id: FileId,
    sealer: FrameSealer,
}

impl LargeFile {
    /// Plaintext bytes of the file.
    pub const SIZE: u64 = 10 * 1024 * 1024 * 1024;

    /// Puts the file into this stack's embedded store with these frames sealed.
    ///
    /// # Errors
    /// Fails if the upload cannot be opened or stored, or if the file has no such frames.
    pub async fn with_frames(stack: Stack, frames: &[u64]) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let asked = json!({ "client_token": "token-of-ten-gibibytes", "name": "large", "size": Self::SIZE });
        let url = format!("{}{}", stack.address(), open::PATH);
        let opened = http.post(url).json(&asked).send().await?;
        let opened: OpenedUpload = opened.error_for_status()?.json().await?;
        let content_key = opened.content_key.as_ref().and_then(|key| key.to_bytes());
        let content_key = ContentKey::from_bytes(&*content_key.context("no content key")?);
        let verified = StoredHeader::new(&opened.header)?.verify(&content_key)?;
        let large = Self {
            sealer: FrameSealer::new(verified, Self::SIZE)?,
            file_id: opened.file_id.clone(),
            stack,
        };
        large.keep(&opened, frames).await?;
        Ok(large)
    }

    /// Returns its server and store.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Returns the URL of its plaintext.
    #[must_use]
    pub fn content_url(&self) -> String {
        self.stack.content_url(&self.file_id)
    }

    /// Shuts the server down cleanly and starts it again, so that it has no content key in memory.
    ///
    /// # Errors
    /// Fails if the server does not start.
    pub async fn restart(self) -> Result<Self> {
        Ok(Self {
            stack: self.stack.restart().await?,
            ..self
        })
    }

    /// Returns the plaintext bytes of a frame.
    #[must_use]
    pub fn frame_length(&self) -> u64 {
        u64::from(self.sealer.layout().frame_length().get())
    }

    /// Returns the plaintext byte at this offset. Every byte of a frame equals the low byte of the frame's index.
    #[must_use]
    pub fn byte_at(&self, at: u64) -> u8 {
        at.checked_div(self.frame_length())
            .map_or(0, |index| index.to_le_bytes()[0])
    }

    /// Returns the byte range of this frame within the object.
    ///
    /// # Errors
    /// Fails if there is no such frame.
    pub fn frame(&self, index: u64) -> Result<Range<u64>> {
        let range = self.sealer.layout().sealed_range_of(&(index..index + 1));
        range.context("no such frame")
    }

    /// Returns the plaintext range of all frames that these bytes of the object touch.
    ///
    /// # Errors
    /// Fails if the bytes lie outside of the object or only in its header.
    pub fn plaintext_in(&self, sealed: &Range<u64>) -> Result<Range<u64>> {
        let layout = self.sealer.layout();
        let (first, second) = (self.frame(0)?.start, self.frame(1)?.start);
        let into_frames = |at: u64| at.saturating_sub(first);
        let begin = into_frames(sealed.start) / (second - first);
        // The final frame is sealed with a few more bytes of framing than the others.
        let end = into_frames(sealed.end).div_ceil(second - first);
        let frames = begin..end.min(layout.frame_count());
        let held = layout.plaintext_range_of(&frames);
        held.context("no such frames")
    }

    /// Writes the object where a multipart upload would have put it, and marks the upload as complete.
    async fn keep(&self, opened: &OpenedUpload, frames: &[u64]) -> Result<()> {
        let records = Records::open(&self.stack.config().database_file()).await?;
        let owner = LeaseOwner::from_random([7; 16]);
        let (now, lease) = (Clock::system().now(), Duration::from_secs(60));
        let id = &opened.upload_id;
        ensure!(records.begin_completing(id, owner, now, lease).await?);
        let object = CompletedObject {
            etag: ETag("\"large\"".to_owned()),
            version: None,
            sniffed_type: None,
            uploaded_at: now,
            verified: None,
            verification_due_at: None,
        };
        let audited = AuditRow {
            at: now,
            request_id: None,
            scope: None,
            via: "test",
            credential: None,
            action: AuditAction::CompleteUpload,
            subject: Some(id.to_string()),
            outcome: "ok",
        };
        let file = records.complete(id, owner, object, audited).await?;
        let file = file.context("the upload became no file")?;

        let [object, metadata] = self.stack.object_paths(&file.s3_key.to_string());
        fs::create_dir_all(object.parent().context("a folder")?)?;
        let mut object = File::create_new(object)?;
        object.set_len(self.sealer.layout().sealed_len())?;
        object.write_all(&opened.header)?;
        for index in frames {
            let (range, sealed) = self.seal(*index)?;
            object.seek(SeekFrom::Start(range.start))?;
            object.write_all(&sealed)?;
        }
        fs::write(metadata, json!({ "e_tag": "large" }).to_string())?;
        Ok(())
    }

    fn seal(&self, index: u64) -> Result<(Range<u64>, Vec<u8>)> {
        let range = self.frame(index)?;
        let held = self.plaintext_in(&range)?;
        let plaintext = vec![self.byte_at(held.start); usize::try_from(held.end - held.start)?];
        let mut sealed = vec![0; usize::try_from(range.end - range.start)?];
        self.sealer.seal_frame(index, &plaintext, &mut sealed)?;
        Ok((range, sealed))
    }
}

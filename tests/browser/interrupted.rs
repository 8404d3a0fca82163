//! An upload that stops half-way, with which many stories begin: some parts are stored, some are signed and being sent,
//! the others are neither.

use std::{
    fs,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use bytes::{Bytes, BytesMut};
use sealift_tests::{Page, Randomness, Scene, Setup, Stack, read_content, sizes::FRAME};
use sealift_transfer::api::{FileId, UploadId, UploadState, UploadStatus};
use tempfile::TempDir;

/// Plaintext bytes of a part when the part length is S3's minimum.
pub(crate) const PART: usize = 20 * FRAME;

/// The page holds at most six parts beside those that are stored, so at least two of these are neither stored nor signed.
const PARTS: usize = 13;

/// Bytes that pass the gate. At most five parts are sent at a time. If four of them are held, at most one more waits
/// for its answer, so at least one part of these five and a half is stored.
const PASSING: usize = 5 * PART + PART / 2;

/// The file and the interrupted upload.
pub(crate) struct Interrupted {
    pub(crate) stack: Stack,
    pub(crate) path: PathBuf,
    pub(crate) plaintext: Bytes,
    pub(crate) upload: UploadId,
    folder: TempDir,
}

/// The file's name.
pub(crate) const NAME: &str = "interrupted.bin";

/// Returns a setup that stops an upload of [`PARTS`] parts half-way.
pub(crate) fn setup(scene: Scene) -> Result<Setup> {
    let setup = scene.setup()?.with("part_length", "5MiB");
    Ok(setup.with_gate_after(PASSING))
}

/// A file of [`PARTS`] parts.
pub(crate) struct ManyParts {
    pub(crate) path: PathBuf,
    pub(crate) plaintext: Bytes,
    folder: TempDir,
}

impl ManyParts {
    pub(crate) fn make() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut randomness = Randomness::from_printed_seed()?;
        let (path, plaintext) = randomness.file(folder.path(), NAME, PARTS * PART)?;
        Ok(Self {
            path,
            plaintext,
            folder,
        })
    }

    /// Waits until the page, which has chosen this file, is stopped by the gate.
    pub(crate) async fn stopped_in(self, page: &Page, stack: Stack) -> Result<Interrupted> {
        let row = page.wait_for(NAME, "sending").await?;
        stack.gate()?.holds_connections(4).await;
        Ok(Interrupted {
            stack,
            path: self.path,
            plaintext: self.plaintext,
            upload: row.upload_id.context("an upload that sends has an id")?,
            folder: self.folder,
        })
    }
}

impl Interrupted {
    /// Begins an upload in a fresh page and waits until the gate stops it.
    pub(crate) async fn begin(page: &Page, stack: Stack) -> Result<Self> {
        let file = ManyParts::make()?;
        page.choose(&[&file.path]).await?;
        file.stopped_in(page, stack).await
    }

    /// Opens the gate after no bytes of the earlier page, which is gone, wait there any more.
    pub(crate) async fn open_gate(&self) -> Result<()> {
        let gate = self.stack.gate()?;
        gate.break_all_held().await;
        gate.open();
        Ok(())
    }

    /// Returns the upload's state on the server.
    pub(crate) async fn status(&self) -> Result<UploadStatus> {
        Ok(self.stack.client.status(&self.upload).await?)
    }

    /// Returns the upload's parts on the server. The upload must still be open.
    pub(crate) async fn parts(&self) -> Result<Parts> {
        let status = self.status().await?;
        assert_eq!(status.state, UploadState::Open);
        let mut parts = Parts::default();
        for part in &status.parts {
            let number = usize::from(part.number.get());
            let numbers = if part.stored {
                &mut parts.stored
            } else {
                &mut parts.signed
            };
            numbers.push(number);
        }
        let known = |number: &usize| parts.stored.contains(number) || parts.signed.contains(number);
        let rest = (1..=PARTS).filter(|number| !known(number)).collect();
        parts.unsigned = rest;
        Ok(parts)
    }

    /// Returns the file's folder, where a story can put a copy.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Changes a byte in the middle of a part and the modification time. Returns the new content.
    pub(crate) fn change(&self, part: usize) -> Result<Bytes> {
        let at = (part - 1) * PART + PART / 2;
        let mut plaintext = BytesMut::from(self.plaintext.as_ref());
        let byte = plaintext.get_mut(at).context("the part is in the file")?;
        *byte ^= 1;
        let file = fs::File::options().write(true).open(&self.path)?;
        file.write_all_at(&[*byte], u64::try_from(at)?)?;
        // Ten seconds exceed the resolution of any file system's clock.
        file.set_modified(SystemTime::now() + Duration::from_secs(10))?;
        Ok(plaintext.freeze())
    }

    /// Like [`Self::change`], but keeps the modification time.
    pub(crate) fn change_secretly(&self, part: usize) -> Result<Bytes> {
        let modified = fs::metadata(&self.path)?.modified()?;
        let plaintext = self.change(part)?;
        let file = fs::File::options().write(true).open(&self.path)?;
        file.set_modified(modified)?;
        Ok(plaintext)
    }

    /// Returns whether that file's content equals this plaintext.
    pub(crate) async fn comes_back(&self, file: Option<FileId>, plaintext: &Bytes) -> Result<bool> {
        let file = file.context("a done row has an id")?;
        let read = read_content(&self.stack, &file, None).await?;
        Ok(read.whole()? == *plaintext)
    }
}

/// The part numbers by their state.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Parts that the store has.
    pub(crate) stored: Vec<usize>,
    /// Parts whose checksum is fixed, but which the store does not have.
    pub(crate) signed: Vec<usize>,
    /// Parts that the server knows nothing of.
    pub(crate) unsigned: Vec<usize>,
}

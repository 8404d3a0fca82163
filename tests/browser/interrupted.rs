//! An upload that stops half-way, as many stories begin: some parts are stored, some are signed and
//! under way, some are neither.

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

/// Plaintext bytes of a part, where the least length of a part is S3's.
pub(crate) const PART: usize = 20 * FRAME;

const PARTS: usize = 16;

/// At most five parts are under way at a time. Where four are held, at most one more waits for its
/// answer: so of these six and a half at least one is stored.
const PASSING: usize = 6 * PART + PART / 2;

/// A file, and what there is of it.
pub(crate) struct Interrupted {
    pub(crate) stack: Stack,
    pub(crate) path: PathBuf,
    pub(crate) plaintext: Bytes,
    pub(crate) upload: UploadId,
    folder: TempDir,
}

/// As the file is called.
pub(crate) const NAME: &str = "interrupted.bin";

/// A stack that holds an upload of [`PARTS`] parts half-way.
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

    /// Once the page has chosen it: until it is stopped by the gate.
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
    /// What a fresh page began.
    pub(crate) async fn begin(page: &Page, stack: Stack) -> Result<Self> {
        let file = ManyParts::make()?;
        page.choose(&[&file.path]).await?;
        file.stopped_in(page, stack).await
    }

    /// Lets everything pass, once nothing is left of what the uploader sent that has gone.
    pub(crate) async fn open_gate(&self) -> Result<()> {
        let gate = self.stack.gate()?;
        gate.break_connections();
        gate.holds_nothing().await;
        gate.open();
        Ok(())
    }

    /// What the server has of it.
    pub(crate) async fn status(&self) -> Result<UploadStatus> {
        Ok(self.stack.client.status(&self.upload).await?)
    }

    /// What it has of it while it is under way.
    pub(crate) async fn parts(&self) -> Result<Parts> {
        let status = self.status().await?;
        assert_eq!(status.state, UploadState::Open);
        let mut parts = Parts::default();
        for part in &status.parts {
            let number = usize::from(part.number.get());
            let place = if part.stored {
                &mut parts.stored
            } else {
                &mut parts.signed
            };
            place.push(number);
        }
        let known = |number: &usize| parts.stored.contains(number) || parts.signed.contains(number);
        let rest = (1..=PARTS).filter(|number| !known(number)).collect();
        parts.unsigned = rest;
        Ok(parts)
    }

    /// Where a copy of it may be put.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Changes a byte in the middle of a part, and when it was last modified; gives what it is now.
    pub(crate) fn change(&self, part: usize) -> Result<Bytes> {
        let at = (part - 1) * PART + PART / 2;
        let mut plaintext = BytesMut::from(self.plaintext.as_ref());
        let byte = plaintext.get_mut(at).context("the part is in the file")?;
        *byte ^= 1;
        let file = fs::File::options().write(true).open(&self.path)?;
        file.write_all_at(&[*byte], u64::try_from(at)?)?;
        // Whatever the file system's clock resolves.
        file.set_modified(SystemTime::now() + Duration::from_secs(10))?;
        Ok(plaintext.freeze())
    }

    /// The same, as if it had never been touched.
    pub(crate) fn change_secretly(&self, part: usize) -> Result<Bytes> {
        let modified = fs::metadata(&self.path)?.modified()?;
        let plaintext = self.change(part)?;
        let file = fs::File::options().write(true).open(&self.path)?;
        file.set_modified(modified)?;
        Ok(plaintext)
    }

    /// Whether that file's content is this.
    pub(crate) async fn comes_back(&self, file: Option<FileId>, plaintext: &Bytes) -> Result<bool> {
        let file = file.context("a done row has an id")?;
        let read = read_content(&self.stack, &file, None).await?;
        Ok(read.whole()? == *plaintext)
    }
}

/// Part numbers.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// In the store.
    pub(crate) stored: Vec<usize>,
    /// Their checksum is fixed, the store does not have them.
    pub(crate) signed: Vec<usize>,
    /// Nothing is known of them.
    pub(crate) unsigned: Vec<usize>,
}

//! A stored file, and what readers get while its object is altered.

use std::{fs, ops::Range};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use sealift_message::{FrameLength, Layout};
use sealift_tests::{Randomness, Reading, Setup, Stack, read_content, sizes::FRAME};
use sealift_transfer::api::{FileRecord, ProblemCode};

/// Three whole frames and 100 bytes.
pub(crate) const LEN: usize = 3 * FRAME + 100;

/// The index of the last frame.
pub(crate) const LAST: usize = 3;

/// A stored file with its plaintext and its sealed object.
pub(crate) struct Stored {
    pub(crate) stack: Stack,
    pub(crate) file: FileRecord,
    pub(crate) randomness: Randomness,
    pub(crate) plaintext: Bytes,
    pub(crate) sealed: Vec<u8>,
}

/// The ranges that the tests read.
const RANGES: [Range<usize>; 6] = [
    0..1,
    FRAME - 1..FRAME + 1,
    FRAME..2 * FRAME,
    2 * FRAME + 7..2 * FRAME + 8,
    LEN - 1..LEN,
    0..LEN,
];

impl Stored {
    pub(crate) async fn new() -> Result<Self> {
        let stack = Setup::new().start().await?;
        let mut randomness = Randomness::from_printed_seed()?;
        let plaintext = randomness.bytes(LEN);
        let file = stack.upload("tampered with", &plaintext).await?;
        let sealed = fs::read(stack.object_path(&file))?;
        Ok(Self {
            stack,
            file,
            randomness,
            plaintext,
            sealed,
        })
    }

    /// Returns the layout of the object.
    pub(crate) fn layout(&self) -> Result<Layout> {
        let frame_length = FrameLength::try_from(u32::try_from(FRAME)?)?;
        let overhead = 32 * u64::try_from(LAST + 1)? + 8;
        let header_len = self.file.sealed_size - self.file.size - overhead;
        Ok(Layout::new(header_len, frame_length, self.file.size)?)
    }

    pub(crate) fn header_len(&self) -> Result<usize> {
        Ok(usize::try_from(self.layout()?.header_len())?)
    }

    /// Returns the bytes of a frame within the object.
    pub(crate) fn frame(&self, index: usize) -> Result<Range<usize>> {
        let start = self.header_len()? + index * (FRAME + 32);
        Ok(start..(start + FRAME + 32).min(self.sealed.len()))
    }

    /// Replaces the object with `altered` and reads it in every way. The whole file must not be returned, a range only
    /// if it is right, and a refusal must have this `code`. Afterwards the right bytes are restored and reading must
    /// work, which proves that the altered bytes were the cause.
    pub(crate) async fn is_refused_as(
        &self,
        code: ProblemCode,
        altered: &[u8],
        what: &str,
    ) -> Result<()> {
        ensure!(altered != self.sealed, "{what}: nothing was altered");
        let path = self.stack.object_path(&self.file);
        fs::write(&path, altered)?;
        self.reads_are_refused_as(code)
            .await
            .with_context(|| what.to_owned())?;
        fs::write(&path, &self.sealed)?;
        self.is_well()
            .await
            .with_context(|| format!("{what}, restored"))
    }

    /// Checks that reads are refused while the object is altered.
    pub(crate) async fn reads_are_refused_as(&self, code: ProblemCode) -> Result<()> {
        let whole = read_content(&self.stack, &self.file.id, None).await?;
        self.is_a_failure(&whole, code, 0..LEN)?;
        for range in RANGES {
            let asked = format!("bytes={}-{}", range.start, range.end - 1);
            let reading = read_content(&self.stack, &self.file.id, Some(&asked)).await?;
            match &reading {
                Reading::Whole { body, .. } if range.len() < LEN => {
                    ensure!(
                        self.plaintext.get(range) == Some(body),
                        "{asked} returned wrong bytes"
                    );
                }
                reading => self.is_a_failure(reading, code, range)?,
            }
        }
        let download = async {
            let download = self.stack.client.download(&self.file.id, None).await?;
            download.read_all().await
        };
        ensure!(
            download.await.is_err(),
            "the client accepted the altered object"
        );
        Ok(())
    }

    fn is_a_failure(
        &self,
        reading: &Reading,
        code: ProblemCode,
        asked: Range<usize>,
    ) -> Result<()> {
        match reading {
            Reading::Whole { .. } => anyhow::bail!("{asked:?} came whole"),
            Reading::BrokenOff { body } => {
                let given = asked.start..asked.start + body.len();
                ensure!(body.len() < asked.len(), "{asked:?} came whole, then broke");
                ensure!(
                    self.plaintext.get(given) == Some(body),
                    "{asked:?} returned bytes that are not in the file"
                );
            }
            Reading::Refused(problem) => {
                ensure!(problem.known_code() == Some(code), "{problem:?}");
                ensure!(
                    problem.detail.ends_with('.'),
                    "the detail is not a sentence: {problem:?}"
                );
            }
        }
        Ok(())
    }

    async fn is_well(&self) -> Result<()> {
        let reading = read_content(&self.stack, &self.file.id, None).await?;
        ensure!(reading.whole()? == self.plaintext);
        Ok(())
    }
}

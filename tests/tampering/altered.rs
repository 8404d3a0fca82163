//! One stored file, and what readers get while its object is something else.

use std::{fs, ops::Range};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use sealift_message::{FrameLength, Layout};
use sealift_tests::{Randomness, Reading, Setup, Stack, read_content, sizes::FRAME};
use sealift_transfer::api::{FileRecord, ProblemCode};

/// Three whole frames and a bit.
pub(crate) const LEN: usize = 3 * FRAME + 100;

/// The last frame's index.
pub(crate) const LAST: usize = 3;

/// A stored file.
pub(crate) struct Stored {
    pub(crate) stack: Stack,
    pub(crate) file: FileRecord,
    pub(crate) randomness: Randomness,
    pub(crate) plaintext: Bytes,
    pub(crate) sealed: Vec<u8>,
}

/// What a reader asks for.
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

    /// Where things are in the object.
    pub(crate) fn layout(&self) -> Result<Layout> {
        let frame_length = FrameLength::try_from(u32::try_from(FRAME)?)?;
        let overhead = 32 * u64::try_from(LAST + 1)? + 8;
        let header_len = self.file.sealed_size - self.file.size - overhead;
        Ok(Layout::new(header_len, frame_length, self.file.size)?)
    }

    pub(crate) fn header_len(&self) -> Result<usize> {
        Ok(usize::try_from(self.layout()?.header_len())?)
    }

    /// The bytes of a frame in the object.
    pub(crate) fn frame(&self, index: usize) -> Result<Range<usize>> {
        let start = self.header_len()? + index * (FRAME + 32);
        Ok(start..(start + FRAME + 32).min(self.sealed.len()))
    }

    /// Puts `altered` in the place of the object and reads in every way. The whole file must not
    /// come; a range comes only if it is right; who is refused hears `code`. Afterwards, with the
    /// right bytes back, all is well: so it was the bytes.
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
            .with_context(|| format!("{what}, put right"))
    }

    /// Reads while the object is not what was sealed.
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
                        "{asked} came, and wrong"
                    );
                }
                reading => self.is_a_failure(reading, code, range)?,
            }
        }
        let download = async {
            let download = self.stack.client.download(&self.file.id, None).await?;
            download.read_all().await
        };
        ensure!(download.await.is_err(), "the client took it for the file");
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
                    "what came of {asked:?} was never in the file"
                );
            }
            Reading::Refused(problem) => {
                ensure!(problem.known_code() == Some(code), "{problem:?}");
                ensure!(problem.detail.ends_with('.'), "no sentence: {problem:?}");
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

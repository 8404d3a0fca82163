//! The GETs that reading sends to the store: one for a short read, a few for a long one, and every frame only once.

use std::ops::Range;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::header;
use sealift_message::{FrameLength, Layout};
use sealift_tests::{Randomness, Setup, Stack, sizes::FRAME};
use sealift_transfer::api::FileRecord;

const PIECE: u64 = 8 * 1024 * 1024;
const LEN: usize = 27 * 1024 * 1024 + 1;

struct Stored {
    stack: Stack,
    file: FileRecord,
    plaintext: Bytes,
    layout: Layout,
}

impl Stored {
    async fn new() -> Result<Self> {
        let stack = Setup::new().with_proxies().start().await?;
        let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
        let file = stack.upload("pieces", &plaintext).await?;
        let frame_length = FrameLength::try_from(u32::try_from(FRAME)?)?;
        let without_header = Layout::new(92, frame_length, file.size)?.sealed_len() - 92;
        let header_len = file.sealed_size - without_header;
        Ok(Self {
            layout: Layout::new(header_len, frame_length, file.size)?,
            stack,
            file,
            plaintext,
        })
    }

    /// Reads a range, checks its bytes, and returns the GETs in the order of their bytes.
    async fn gets_of(&self, range: Range<usize>) -> Result<Vec<Range<u64>>> {
        let before = self.stack.gets()?.len();
        let http = reqwest::Client::builder().no_proxy().build()?;
        let asked = format!("bytes={}-{}", range.start, range.end - 1);
        let url = self.stack.content_url(&self.file.id);
        let answer = http.get(url).header(header::RANGE, &asked).send().await?;
        let body = answer.error_for_status()?.bytes().await?;
        ensure!(
            self.plaintext.get(range) == Some(&body),
            "{asked} returned wrong bytes"
        );
        let mut gets = self.stack.gets()?.split_off(before);
        gets.sort_by_key(|get| get.start);
        Ok(gets)
    }

    /// Returns the range of the object that holds this plaintext.
    fn frames_of(&self, range: Range<usize>) -> Result<Range<u64>> {
        let range = u64::try_from(range.start)?..u64::try_from(range.end)?;
        let frames = self.layout.frames_of(&range);
        let sealed = frames.and_then(|frames| self.layout.sealed_range_of(&frames));
        sealed.context("no such frames")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_up_to_a_piece_is_one_get_of_exactly_its_frames() -> Result<()> {
    let stored = Stored::new().await?;
    let seven = 7 * 1024 * 1024;
    for range in [
        FRAME + 1..FRAME + 2,
        FRAME - 1 + FRAME..2 * FRAME + 1,
        FRAME..FRAME + seven,
        LEN - seven..LEN,
        LEN - 1..LEN,
    ] {
        let expected = stored.frames_of(range.clone())?;
        assert_eq!(stored.gets_of(range).await?, [expected]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_read_asks_for_every_frame_once_in_pieces_of_whole_frames() -> Result<()> {
    let stored = Stored::new().await?;
    for range in [0..LEN, FRAME + 7..LEN - 7] {
        let mut expected = stored.frames_of(range.clone())?;
        if range.start < FRAME {
            expected.start = 0;
        }
        let gets = stored.gets_of(range).await?;
        assert_eq!(gets.len(), 4, "{gets:?}");
        let mut next = expected.start;
        for get in &gets {
            assert_eq!(get.start, next);
            // The first piece also contains the header of the object.
            assert!(get.end - get.start <= PIECE + 1024, "{get:?}");
            next = get.end;
        }
        assert_eq!(next, expected.end);
    }
    Ok(())
}

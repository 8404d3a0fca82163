//! A file whose offsets do not fit into 32 bits, the size of wasm's addresses.

use std::{fs::File, os::unix::fs::FileExt as _, time::Duration};

use anyhow::{Context as _, Result};
use sealift_tests::{Randomness, Scene, read_content, sizes::FRAME};

use crate::scenes::stories;

stories!(
    long:
    a_file_over_4_gib_comes_back_at_every_offset,
);

/// 4 GiB, one frame and one byte.
const LEN: usize = (1 << 32) + FRAME + 1;

/// Offsets of random bytes. All other bytes are zero.
const OFFSETS: [usize; 4] = [0, (1 << 31) - 50, (1 << 32) - 50, LEN - 100];

async fn a_file_over_4_gib_comes_back_at_every_offset(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    browser.wait_at_most(Duration::from_secs(1800)).await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let path = folder.path().join("huge.bin");
    let file = File::create_new(&path)?;
    file.set_len(u64::try_from(LEN)?)?;
    let mut slices = Vec::new();
    for start in OFFSETS {
        let slice = randomness.bytes(100);
        file.write_all_at(&slice, u64::try_from(start)?)?;
        slices.push((start, slice));
    }
    drop(file);

    let id = page.upload(&path).await?;
    assert_eq!(stack.client.file(&id).await?.size, u64::try_from(LEN)?);
    for (start, slice) in slices {
        let range = format!("bytes={start}-{}", start + 99);
        let read = read_content(&stack, &id, Some(&range)).await?.whole();
        assert!(read.with_context(|| range.clone())? == slice, "{range}");
    }
    Ok(())
}

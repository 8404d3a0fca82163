//! The browser's memory does not grow with the size of the file.

use std::{fs::File, pin::pin, time::Duration};

use anyhow::Result;
use sealift_tests::{BrowserKind, Scene};

use crate::scenes::stories;

stories!(
    everywhere:
    a_larger_file_takes_no_more_memory,
);
stories!(
    long:
    four_gibibytes_take_no_more_memory,
);

const MIB: u64 = 1024 * 1024;

/// Returns the size of the larger file and the extra bytes of memory that it may take, because a browser decides itself
/// when to collect garbage, and decides later while the machine has other work. Chromium then keeps a quarter of a
/// gibibyte more, and Firefox up to half a gibibyte of sent data, whatever the file's size. Their larger files are
/// therefore far larger than that.
fn larger_and_tolerance(browser: BrowserKind) -> (u64, u64) {
    match browser {
        BrowserKind::Chromium => (1024 * MIB, 400 * MIB),
        BrowserKind::Firefox => (2048 * MIB, 512 * MIB),
    }
}

async fn a_larger_file_takes_no_more_memory(scene: Scene) -> Result<()> {
    let (size, tolerance) = larger_and_tolerance(scene.browser);
    takes_no_more(scene, size, tolerance).await
}

async fn four_gibibytes_take_no_more_memory(scene: Scene) -> Result<()> {
    let (_, tolerance) = larger_and_tolerance(scene.browser);
    takes_no_more(scene, 4096 * MIB, tolerance).await
}

async fn takes_no_more(scene: Scene, size: u64, tolerance: u64) -> Result<()> {
    let small = peak_over_idle(scene, 100 * MIB).await?;
    let large = peak_over_idle(scene, size).await?;
    eprintln!(
        "{:?}: at most {} MiB over idle with 100 MiB, {} MiB with {} MiB",
        scene.browser,
        small / MIB,
        large / MIB,
        size / MIB,
    );
    assert!(large <= small + tolerance, "{small} and {large} bytes");
    Ok(())
}

/// Returns the peak memory of all the browser's processes together during an upload, minus their memory before it.
async fn peak_over_idle(scene: Scene, size: u64) -> Result<u64> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    browser.wait_at_most(Duration::from_secs(1800)).await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("zeros.bin");
    File::create_new(&path)?.set_len(size)?;
    let idle = browser.memory()?;
    let mut peak = idle;
    let mut upload = pin!(page.upload(&path));
    let mut look = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            sent = &mut upload => return sent.map(|_| peak - idle),
            _ = look.tick() => peak = peak.max(browser.memory()?),
        }
    }
}

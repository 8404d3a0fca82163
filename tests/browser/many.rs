//! A folder of many small files that the page sends. The default settings must not refuse any of them.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::Result;
use sealift_tests::Scene;

use crate::scenes::stories;

stories!(
    long:
    ten_thousand_small_files_go_by_the_page_without_a_refusal,
);

const FILES: u32 = 10_000;

async fn ten_thousand_small_files_go_by_the_page_without_a_refusal(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    browser.wait_at_most(Duration::from_secs(1_800)).await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut paths = Vec::new();
    for at in 0..FILES {
        let path = folder.path().join(format!("{at}.bin"));
        fs::write(&path, vec![7; 1024])?;
        paths.push(path);
    }
    let began = Instant::now();
    let chosen: Vec<_> = paths.iter().map(|path| path.as_path()).collect();
    page.choose(&chosen).await?;
    let mut there = 0;
    while there < i64::from(FILES) {
        // The deadline below ends the wait if no more files arrive.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let refused;
        (there, refused) = stack.files_and_refusals("too_many_requests").await?;
        assert_eq!(refused, 0);
        anyhow::ensure!(
            began.elapsed() < Duration::from_secs(1_800),
            "{there} files came"
        );
    }
    let rate = f64::from(FILES) / began.elapsed().as_secs_f64();
    eprintln!("page: {FILES} files, {rate:.0} a second");
    Ok(())
}

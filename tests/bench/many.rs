//! Measures many small files with a long round trip: by Sealift's page, by its native client, and as plain PUTs of the
//! same bytes, which are not encrypted and need no other request.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sealift_client::{CancellationToken, FileSource, UploadOptions};
use sealift_tests::{Browser, Randomness, Setup, Stack, address_in};
use sealift_transfer::batches::MOST_SMALL_FILES;

use crate::{Scale, figures, ground, memory::PATIENCE, plain_store::PlainStore};

const LEN: usize = 10 * 1024;
/// Half of a round trip of 50 ms.
const ONE_WAY: Duration = Duration::from_millis(25);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The PUTs at once of the page and of the plain peer.
const PUTS_AT_ONCE: usize = 5;

const WHO: [&str; 3] = ["sealift", "native", "plain"];

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let setup = Setup::new().with_page()?.at_distance(ONE_WAY);
    // The rounds follow each other faster than an owner's uploads do.
    let setup = setup.with("limit_opens", "1000000");
    let setup = setup.with("s3_bucket", "sealift");
    let stack = setup.start_in(ground::folder()?).await?;
    let store = plain_store(&stack)?;
    let folder = ground::folder()?;
    let files = files(folder.path(), scale.small_files)?;
    let browser = Browser::start().await?;
    browser.wait_at_most(PATIENCE).await?;
    let mut all = WHO.map(|who| (who, Vec::new()));
    for round in 0..scale.rounds {
        for (who, seconds) in &mut all {
            let took = match *who {
                "sealift" => by_page(&stack, &browser, &files).await,
                "native" => by_native_client(&stack, &files).await,
                _ => by_plain_puts(&store, &files, round).await,
            };
            seconds.push(
                took.with_context(|| format!("{who} does not upload"))?
                    .as_secs_f64(),
            );
        }
    }
    for (who, seconds) in all {
        figures::report("many", "seconds", who, &seconds);
    }
    Ok(())
}

fn plain_store(stack: &Stack) -> Result<PlainStore> {
    let config = stack.config();
    let credentials = config.key_file.with_file_name("s3-credentials.json");
    let endpoint = stack.store_endpoint().context("the store is not far")?;
    let address = address_in(&endpoint)?;
    PlainStore::of([address, address], &credentials)
}

fn files(folder: &Path, count: usize) -> Result<Vec<PathBuf>> {
    let mut randomness = Randomness::from_printed_seed()?;
    let paths = (0..count).map(|at| {
        let name = format!("{at}.bin");
        Ok(randomness.file(folder, &name, LEN)?.0)
    });
    paths.collect()
}

/// Returns the time from the choice of the files until the server has recorded the last one.
async fn by_page(stack: &Stack, browser: &Browser, files: &[PathBuf]) -> Result<Duration> {
    let page = browser.open(stack, "").await?;
    page.shows("#limit:not(:empty)").await?;
    let chosen: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let (before, _) = stack.files_and_refusals("none").await?;
    let began = Instant::now();
    page.choose(&chosen).await?;
    loop {
        let (there, _) = stack.files_and_refusals("none").await?;
        if usize::try_from(there - before)? == files.len() {
            return Ok(began.elapsed());
        }
        ensure!(began.elapsed() < PATIENCE, "{there} files came");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn by_native_client(stack: &Stack, files: &[PathBuf]) -> Result<Duration> {
    let began = Instant::now();
    stream::iter(files)
        .map(|path| async move {
            let options = UploadOptions::named(path.to_string_lossy());
            let source = FileSource::open(path)?;
            let never = CancellationToken::new();
            stack.client.upload(source, options, |_| (), never).await?;
            anyhow::Ok(())
        })
        .buffer_unordered(usize::try_from(MOST_SMALL_FILES)?)
        .try_collect::<()>()
        .await?;
    Ok(began.elapsed())
}

async fn by_plain_puts(store: &PlainStore, files: &[PathBuf], round: usize) -> Result<Duration> {
    let began = Instant::now();
    stream::iter(files.iter().enumerate())
        .map(|(at, path)| async move {
            let key = format!("plain/{round}/{at}");
            store.put(&key, fs::read(path)?).await
        })
        .buffer_unordered(PUTS_AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(began.elapsed())
}

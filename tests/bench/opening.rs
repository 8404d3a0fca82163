//! Measures a download from the store to the person's disk: decrypted in Chromium by Sealift's page, against the same
//! sealed object fetched without decrypting. It also measures the memory of the browser during the download.

use std::time::Instant;

use anyhow::{Result, bail, ensure};
use sealift_tests::{Browser, FilePage, Page};
use sealift_transfer::api::FileRecord;
use serde_json::json;

use crate::{
    Scale, figures,
    ground::Ground,
    memory::{PATIENCE, SETTLES_IN, Watch},
    processes,
    race::peers_page,
    reading::stored,
};

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    rates(scale).await?;
    memory(scale).await
}

async fn rates(scale: Scale) -> Result<()> {
    let ground = Ground::prepare().await?;
    let file = stored(&ground, scale.upload_bytes).await?;
    let (mut sealift, mut plain) = (Vec::new(), Vec::new());
    let (mut sealift_cpu, mut plain_cpu) = (Vec::new(), Vec::new());
    let gib = figures::mebibytes(scale.upload_bytes) / 1024.0;
    for _ in 0..scale.rounds {
        let (seconds, cpu) = by_sealift(&ground, &file).await?;
        sealift.push(figures::megabytes_per_second(file.size, seconds));
        sealift_cpu.push(cpu / gib);
        let (seconds, cpu) = as_it_is(&ground, &file).await?;
        plain.push(figures::megabytes_per_second(file.sealed_size, seconds));
        plain_cpu.push(cpu / gib);
    }
    figures::report("opening", "MB/s", "sealift", &sealift);
    figures::report("opening", "MB/s", "plain", &plain);
    figures::report("opening", "CPU seconds per GiB", "sealift", &sealift_cpu);
    figures::report("opening", "CPU seconds per GiB", "plain", &plain_cpu);
    Ok(())
}

/// Uses a fresh browser, as [`as_it_is`] does. The writes of one download must not disturb the other, and an idle
/// browser uses the processor too.
async fn by_sealift(ground: &Ground, file: &FileRecord) -> Result<(f64, f64)> {
    let browser = Browser::start().await?;
    browser.wait_at_most(PATIENCE).await?;
    let page = page_of(&browser, ground, file).await?;
    counted(saved(&page)).await
}

async fn as_it_is(ground: &Ground, file: &FileRecord) -> Result<(f64, f64)> {
    let browser = Browser::start().await?;
    browser.wait_at_most(PATIENCE).await?;
    let page = peers_page(ground, &browser).await?;
    let url = ground.store.sign_get(&file.object_key).await?;
    counted(fetched(&page, &url, file.sealed_size)).await
}

/// Returns the elapsed seconds and the seconds of processor time.
async fn counted(work: impl Future<Output = Result<()>>) -> Result<(f64, f64)> {
    let cpu_before = processes::cpu_seconds()?;
    let began = Instant::now();
    work.await?;
    let seconds = began.elapsed().as_secs_f64();
    Ok((seconds, processes::cpu_seconds()? - cpu_before))
}

async fn memory(scale: Scale) -> Result<()> {
    let rounds = scale.rounds.min(3);
    for bytes in scale.opened_bytes {
        let mut peaks = Vec::new();
        for _ in 0..rounds {
            peaks.push(of_one_file(*bytes).await?);
        }
        let who = format!("{} MiB", figures::mebibytes(*bytes));
        figures::report("opening", "MiB over idle", &who, &peaks);
    }
    Ok(())
}

/// Returns the MiB over idle at the peak.
async fn of_one_file(bytes: u64) -> Result<f64> {
    let ground = Ground::prepare().await?;
    let file = stored(&ground, bytes).await?;
    let browser = Browser::start().await?;
    browser.wait_at_most(PATIENCE).await?;
    let page = page_of(&browser, &ground, &file).await?;
    tokio::time::sleep(SETTLES_IN).await;
    let idle: u64 = processes::memory()?.values().sum();
    let watch = Watch::begin();
    saved(&page).await?;
    let peak: u64 = watch.end()?.values().sum();
    Ok(figures::mebibytes(peak) - figures::mebibytes(idle))
}

async fn page_of(browser: &Browser, ground: &Ground, file: &FileRecord) -> Result<FilePage> {
    let url = format!("{}files/{}", ground.address, file.id);
    let page = browser.open_file(&url).await?;
    page.comes_to("ready").await?;
    page.offer_dialog().await?;
    Ok(page)
}

/// Matches every end state, so that a failed page is not waited for.
const ENDED: &str = "main:is([data-state=done], [data-state=failed], [data-state=cancelled])";

/// Clicks the save button and waits for the end of the download.
async fn saved(page: &FilePage) -> Result<()> {
    page.page.press_on("#save").await?;
    let ended = page.page.shows(ENDED).await?;
    let state = ended.attr("data-state").await?;
    if state.as_deref() != Some("done") {
        bail!("the page ends with {state:?}: {}", page.text("main").await?);
    }
    Ok(())
}

const FETCH: &str = r"
const [url, done] = arguments;
(async () => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.status);
    const handle = await (await navigator.storage.getDirectory()).getFileHandle('fetched', { create: true });
    await answer.body.pipeTo(await handle.createWritable());
    return (await handle.getFile()).size;
})().then(done, error => done(String(error)));
";

async fn fetched(page: &Page, url: &str, len: u64) -> Result<()> {
    let size = page.ask(FETCH, vec![json!(url)]).await?;
    ensure!(size == len, "the plain fetch gave {size}");
    Ok(())
}

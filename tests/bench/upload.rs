//! Measures an upload from Chromium to the store: by Sealift's page, as plain PUTs of the same parts, and by Uppy. A
//! native sender shows how much the store can accept, which limits all of them.

use std::{path::Path, time::Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sealift_tests::{Browser, Page};
use sealift_transfer::api::Sha256;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Scale, figures, ground::Ground, processes, site::PART_BYTES};

/// The duration of one upload.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Took {
    /// Milliseconds until the store had every part.
    sent_ms: f64,
    /// Milliseconds until the object was complete.
    done_ms: f64,
    /// Seconds of processor time of the browser's processes.
    #[serde(skip)]
    cpu_seconds: f64,
}

const SEALIFT: &str = "sealift";
const PEERS: [&str; 3] = ["plain", "uppy6", "uppy5"];
const NATIVE: &str = "native";
const PUTS_AT_ONCE: usize = 5;

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let ground = Ground::prepare().await?;
    let path = ground.file("upload.bin", scale.upload_bytes)?;
    let kind = if std::env::var("AB_FIREFOX").is_ok() {
        sealift_tests::BrowserKind::Firefox
    } else {
        sealift_tests::BrowserKind::Chromium
    };
    let browser = Browser::start_in(kind).await?;
    let mut all: Vec<(&str, Vec<Took>)> = Vec::new();
    for who in [SEALIFT].into_iter().chain(PEERS).chain([NATIVE]) {
        all.push((who, Vec::new()));
    }
    if let Ok(only) = std::env::var("AB_WHO") {
        all.retain(|(who, _)| only.split(',').any(|o| o == *who));
    }
    for _ in 0..scale.rounds {
        for (who, rounds) in &mut all {
            let took = match *who {
                SEALIFT => by_sealift(&ground, &browser, &path).await,
                NATIVE => by_native_client(&ground, scale.upload_bytes).await,
                peer => by_peer(&ground, &browser, &path, peer).await,
            };
            rounds.push(took.with_context(|| format!("{who} does not upload"))?);
            let stored = ground.store.stored_bytes().await?;
            ensure!(stored >= scale.upload_bytes, "{who} stored {stored} bytes");
            ground.store.empty().await?;
        }
    }
    for (who, rounds) in all {
        let of = |value: fn(&Took) -> f64| rounds.iter().map(value).collect::<Vec<_>>();
        let rate = |ms: Vec<f64>| -> Vec<f64> {
            let rate = |ms: &f64| figures::megabytes_per_second(scale.upload_bytes, ms / 1000.0);
            ms.iter().map(rate).collect()
        };
        figures::report("upload", "MB/s", who, &rate(of(|took| took.done_ms)));
        figures::report(
            "upload",
            "MB/s until the last part is stored",
            who,
            &rate(of(|took| took.sent_ms)),
        );
        if who != NATIVE {
            let gib = figures::mebibytes(scale.upload_bytes) / 1024.0;
            let cpu: Vec<f64> = of(|took| took.cpu_seconds)
                .iter()
                .map(|s| s / gib)
                .collect();
            figures::report("upload", "CPU seconds per GiB", who, &cpu);
        }
    }
    Ok(())
}

/// Records when a file is chosen, when its row says that all is sent, and when the row says that it is done. The
/// times are attributes of the page, because Firefox gives every script of a driver a global scope of its own.
const WATCH_THE_ROW: &str = r"
const noted = document.documentElement.dataset;
const begin = () => { noted.began ??= performance.now(); };
document.querySelector('input#files').addEventListener('change', begin, { capture: true });
const record = () => {
    const state = document.querySelector('li.file')?.dataset.state;
    if (state === 'checking') noted.sent ??= performance.now();
    if (state === 'done') noted.done ??= performance.now();
};
new MutationObserver(record).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] });
";

const NOTED: &str = "const { began, sent, done } = document.documentElement.dataset; return { sentMs: (sent ?? done) - began, doneMs: done - began };";

async fn by_sealift(ground: &Ground, browser: &Browser, path: &Path) -> Result<Took> {
    let page = browser.open_at(&ground.address).await?;
    // The page shows the limit only after the wasm module is loaded, because the module fetches it from the server.
    page.shows("#limit:not(:empty)").await?;
    page.run(WATCH_THE_ROW, vec![]).await?;
    counted(async || {
        page.upload(path).await?;
        Ok(page.run(NOTED, vec![]).await?)
    })
    .await
}

/// Runs a peer on the chosen file.
const RUN: &str = r"
const [peer, done] = arguments;
const [file] = document.querySelector('input#files').files;
peers[peer](file).then(done, error => done({ failed: String(error) }));
";

async fn by_peer(ground: &Ground, browser: &Browser, path: &Path, peer: &str) -> Result<Took> {
    let page = peers_page(ground, browser).await?;
    page.choose(&[path]).await?;
    counted(async || Ok(page.ask(RUN, vec![json!(peer)]).await?)).await
}

/// Opens the peers' page and checks that its scripts are loaded.
pub(crate) async fn peers_page(ground: &Ground, browser: &Browser) -> Result<Page> {
    let page = browser.open_at(&ground.site.address).await?;
    let loaded = page.run("return typeof peers;", vec![]).await?;
    ensure!(loaded == "object", "the peers' scripts do not load");
    Ok(page)
}

async fn counted(upload: impl AsyncFnOnce() -> Result<Value>) -> Result<Took> {
    let before = processes::cpu_seconds()?;
    let answer = upload().await?;
    let cpu_seconds = processes::cpu_seconds()? - before;
    let took: Took =
        serde_json::from_value(answer.clone()).with_context(|| format!("it answers {answer}"))?;
    Ok(Took {
        cpu_seconds,
        ..took
    })
}

/// Sends the same bytes again and again and hashes them only once, so that only sending is measured.
async fn by_native_client(ground: &Ground, len: u64) -> Result<Took> {
    let bytes = Bytes::from(vec![0x5A; usize::try_from(PART_BYTES)?]);
    let sha256 = Sha256::of(&bytes).to_string();
    let sender = reqwest::Client::builder().no_proxy().build()?;
    let began = Instant::now();
    let upload = ground.store.create("native", true).await?;
    let numbers = 1..=i32::try_from(len.div_ceil(PART_BYTES))?;
    stream::iter(numbers)
        .map(|number| {
            let (upload, sender, sha256) = (&upload, &sender, &sha256);
            let bytes = bytes.clone();
            async move {
                let known = Some((&**sha256, i64::try_from(bytes.len())?));
                let signed = ground.store.sign(upload, number, known).await?;
                let mut put = sender.put(signed.url).body(bytes);
                for (name, value) in signed.headers {
                    put = put.header(name, value);
                }
                put.send().await?.error_for_status()?;
                anyhow::Ok(())
            }
        })
        .buffer_unordered(PUTS_AT_ONCE)
        .try_collect::<()>()
        .await?;
    let sent_ms = began.elapsed().as_secs_f64() * 1000.0;
    ground.store.complete(&upload).await?;
    Ok(Took {
        sent_ms,
        done_ms: began.elapsed().as_secs_f64() * 1000.0,
        cpu_seconds: 0.0,
    })
}

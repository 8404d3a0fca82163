//! A race of uploads from one browser: by Sealift's page, by peers, and by a native sender, which shows how much the
//! store can accept.

use std::{
    fs,
    path::PathBuf,
    time::{Instant, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sealift_tests::{Browser, Page};
use sealift_transfer::api::Sha256;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    figures,
    ground::{Ground, parts},
    link_use::{self, Idle},
    processes,
    site::PART_BYTES,
};

pub(crate) const SEALIFT: &str = "sealift";
pub(crate) const NATIVE: &str = "native";
const PUTS_AT_ONCE: usize = 5;

/// The contestants share all of these.
pub(crate) struct Race {
    pub(crate) row: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// Declared before the ground, which must not end before the browser.
    pub(crate) browser: Browser,
    pub(crate) ground: Ground,
}

/// The duration of one upload.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Took {
    /// Milliseconds until the store had every part.
    sent_ms: f64,
    /// Milliseconds until the object was complete, if it was completed.
    done_ms: Option<f64>,
    /// When it began, in milliseconds since 1970, if the page says so.
    began_at_ms: Option<f64>,
    /// How long the link was idle at both ends, if there is one.
    #[serde(skip)]
    idle: Option<Idle>,
    /// Seconds of processor time of the browser's processes.
    #[serde(skip)]
    cpu_seconds: f64,
}

impl Race {
    /// Measures every contestant in every round, and prints the figures.
    pub(crate) async fn run(&self, contestants: &[&str], rounds: usize) -> Result<()> {
        let mut all: Vec<(&str, Vec<Took>)> =
            contestants.iter().map(|who| (*who, Vec::new())).collect();
        for _ in 0..rounds {
            for (who, rounds) in &mut all {
                let took = match *who {
                    SEALIFT => self.by_sealift().await,
                    NATIVE => self.by_native_client().await,
                    peer => self.by_peer(peer).await,
                };
                rounds.push(took.with_context(|| format!("{who} does not upload"))?);
                let stored = self.ground.take_stored_bytes().await?;
                ensure!(stored >= self.bytes, "{who} stored {stored} bytes");
            }
        }
        for (who, rounds) in &all {
            self.report(who, rounds);
        }
        Ok(())
    }

    fn report(&self, who: &str, rounds: &[Took]) {
        let rate = |ms: f64| figures::megabytes_per_second(self.bytes, ms / 1000.0);
        let done: Vec<f64> = rounds
            .iter()
            .filter_map(|took| took.done_ms)
            .map(rate)
            .collect();
        if !done.is_empty() {
            figures::report(self.row, "MB/s", who, &done);
        }
        let sent: Vec<f64> = rounds.iter().map(|took| rate(took.sent_ms)).collect();
        let measure = "MB/s until the last part is stored";
        figures::report(self.row, measure, who, &sent);
        let idle: Vec<Idle> = rounds.iter().filter_map(|took| took.idle).collect();
        if !idle.is_empty() {
            let before: Vec<f64> = idle.iter().map(|idle| idle.before_ms).collect();
            figures::report(self.row, "ms before the first part", who, &before);
            let after: Vec<f64> = idle.iter().map(|idle| idle.after_ms).collect();
            figures::report(self.row, "ms after the last byte", who, &after);
        }
        if who != NATIVE {
            let gib = figures::mebibytes(self.bytes) / 1024.0;
            let cpu: Vec<f64> = rounds.iter().map(|took| took.cpu_seconds / gib).collect();
            figures::report(self.row, "CPU seconds per GiB", who, &cpu);
        }
    }

    async fn by_sealift(&self) -> Result<Took> {
        let page = self.browser.open_at(&self.ground.address).await?;
        // The page shows the limit only after the wasm module is loaded, because the module fetches it from the server.
        page.shows("#limit:not(:empty)").await?;
        page.run(WATCH_THE_ROW, vec![]).await?;
        let upload = counted(async || {
            let Some(sink) = &self.ground.sink else {
                page.upload(&self.path).await?;
                return Ok(page.run(NOTED, vec![]).await?);
            };
            // The upload stays unfinished, and the page would recognize the same name in the next round.
            let name = UNIX_EPOCH.elapsed()?.as_nanos().to_string();
            let path = self.path.with_file_name(name);
            fs::hard_link(&self.path, &path)?;
            page.choose(&[&path]).await?;
            let sent = sink.has_all(self.bytes).await?;
            let sent_ms = sent.duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0;
            Ok(page.run(SENT, vec![json!(sent_ms)]).await?)
        });
        let Some(way) = self.ground.way_to_store() else {
            return upload.await;
        };
        let (took, samples) = link_use::watch(way, upload).await;
        let took = took?;
        let idle = took
            .began_at_ms
            .and_then(|began_ms| link_use::idle(&samples, began_ms, began_ms + took.sent_ms));
        Ok(Took { idle, ..took })
    }

    async fn by_peer(&self, peer: &str) -> Result<Took> {
        let page = peers_page(&self.ground, &self.browser).await?;
        page.choose(&[&self.path]).await?;
        let arguments = vec![json!(peer), json!(self.ground.sink_url())];
        counted(async || Ok(page.ask(RUN, arguments).await?)).await
    }

    /// Sends the same bytes again and again and hashes them only once, so that only sending is measured.
    async fn by_native_client(&self) -> Result<Took> {
        let bytes = Bytes::from(vec![0x5A; usize::try_from(PART_BYTES)?]);
        let sha256 = Sha256::of(&bytes).to_string();
        let sender = reqwest::Client::builder().no_proxy().build()?;
        let store = &self.ground.store;
        let began = Instant::now();
        let upload = store.create("native", true).await?;
        let numbers = 1..=i32::try_from(parts(self.bytes))?;
        stream::iter(numbers)
            .map(|number| {
                let (upload, sender, sha256) = (&upload, &sender, &sha256);
                let bytes = bytes.clone();
                async move {
                    let known = Some((&**sha256, i64::try_from(bytes.len())?));
                    let signed = store.sign(upload, number, known).await?;
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
        store.complete(&upload).await?;
        Ok(Took {
            sent_ms,
            done_ms: Some(began.elapsed().as_secs_f64() * 1000.0),
            ..Took::default()
        })
    }
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

const NOTED: &str = r"
const { began, sent, done } = document.documentElement.dataset;
return { sentMs: (sent ?? done) - began, doneMs: done - began, beganAtMs: performance.timeOrigin + Number(began) };
";

/// Takes the time of the last part since 1970, in milliseconds.
const SENT: &str = r"
const [sent] = arguments;
return { sentMs: sent - performance.timeOrigin - document.documentElement.dataset.began };
";

/// Runs a peer on the chosen file.
const RUN: &str = r"
const [peer, sink, done] = arguments;
const [file] = document.querySelector('input#files').files;
peers[peer](file, sink).then(done, error => done({ failed: String(error) }));
";

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

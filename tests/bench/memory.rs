//! Measures the memory of Sealift's page during an upload: the peak of all the browser's processes together, minus
//! their memory before the file was chosen. A sink swallows the parts, because no machine keeps the largest file twice
//! in memory.

use std::{
    collections::BTreeMap,
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, Result};
use sealift_tests::Browser;

use crate::{
    Scale, figures,
    ground::{Ground, Wanted},
    processes,
};

/// The limit of every wait. A large file can take this long on a machine with other work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1800);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a browser goes on tidying up after it has shown a page.
pub(crate) const SETTLES_IN: Duration = Duration::from_secs(3);
/// More rounds would take too long, because one of the largest file takes a minute.
pub(crate) const MOST_ROUNDS: usize = 2;

/// The numbers of cores that the page is told. With one core it starts no worker: the module itself seals.
const CORES: [(u32, &str); 3] = [(1, "one worker"), (2, "a pool of 2"), (4, "a pool of 4")];

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let mut peaks: BTreeMap<(u64, &str), Vec<f64>> = BTreeMap::new();
    let mut kinds: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..scale.rounds.min(MOST_ROUNDS) {
        for bytes in scale.memory_bytes {
            for (cores, pool) in CORES {
                let over_idle = of_one_upload(*bytes, cores).await?;
                let peaks = peaks.entry((*bytes, pool)).or_default();
                peaks.push(over_idle.values().sum());
                if Some(bytes) == scale.memory_bytes.last() && cores == 2 {
                    for (kind, mebibytes) in over_idle {
                        kinds.entry(kind).or_default().push(mebibytes);
                    }
                }
            }
        }
    }
    for ((bytes, pool), peaks) in &peaks {
        let who = format!("{} MiB, {pool}", figures::mebibytes(*bytes));
        figures::report("memory", "MiB over idle", &who, peaks);
    }
    for (kind, mebibytes) in kinds {
        figures::report("memory", "MiB over idle by process", &kind, &mebibytes);
    }
    Ok(())
}

/// Returns the MiB over idle at the peak, by kind of process.
async fn of_one_upload(bytes: u64, cores: u32) -> Result<BTreeMap<String, f64>> {
    let ground = Ground::of(Wanted {
        sink: true,
        cores: Some(cores),
        ..Wanted::default()
    });
    let ground = ground.await?;
    let path = ground.folder.path().join("memory.bin");
    // A sparse file of zeros takes no disk space.
    File::create_new(&path)?.set_len(bytes)?;
    let browser = Browser::start().await?;
    browser.wait_at_most(PATIENCE).await?;
    let page = browser.open_at(&ground.address).await?;
    page.shows("#limit:not(:empty)").await?;
    tokio::time::sleep(SETTLES_IN).await;
    let idle = processes::memory()?;
    let watch = Watch::begin();
    page.choose(&[&path]).await?;
    let sink = ground.sink.as_ref();
    sink.context("the ground has a sink")?
        .has_all(bytes)
        .await?;
    let peak = watch.end()?;
    let over_idle = peak.into_iter().map(|(kind, bytes)| {
        let before = idle.get(&kind).copied().unwrap_or(0);
        let over = figures::mebibytes(bytes) - figures::mebibytes(before);
        (kind, over)
    });
    Ok(over_idle.collect())
}

/// Samples the memory again and again in a thread of its own.
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Result<BTreeMap<String, u64>>>,
}

impl Watch {
    pub(crate) fn begin() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = over.clone();
        let thread = thread::spawn(move || {
            let mut peak = BTreeMap::new();
            while !seen.load(Ordering::Relaxed) {
                let memory = processes::memory()?;
                if memory.values().sum::<u64>() > peak.values().sum::<u64>() {
                    peak = memory;
                }
                thread::sleep(LOOK_EVERY);
            }
            Ok(peak)
        });
        Self { over, thread }
    }

    pub(crate) fn end(self) -> Result<BTreeMap<String, u64>> {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().ok().context("the watch stopped")?
    }
}

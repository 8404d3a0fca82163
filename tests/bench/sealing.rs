//! Measures sealing alone in Chromium: Sealift's module and its workers, bare WebCrypto and other libraries.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result};
use sealift_tests::{Browser, Page};
use serde_json::json;

use crate::{Scale, figures, ground::Ground, race::peers_page};

const RUN: &str = r"
const [question, done] = arguments;
const [file] = document.querySelector('input#files').files;
peers.sealing({ ...question, file }).then(done, error => done({ failed: String(error) }));
";

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let ground = Ground::prepare().await?;
    let browser = Browser::start().await?;
    let path = ground.file("sealed.bin", scale.sealing_bytes)?;
    let page = peers_page(&ground, &browser).await?;
    // The rounds are short, so there can be more of them.
    let rounds = scale.rounds * 3;
    for (who, rates) in sealed(&page, &path, scale.sealing_bytes, rounds, &[]).await? {
        figures::report("sealing", "MB/s", &who, &rates);
    }
    Ok(())
}

/// Returns the MB/s of every round of these contestants (of all, if none is named), which seal the first bytes of the
/// file.
pub(crate) async fn sealed(
    page: &Page,
    path: &Path,
    bytes: u64,
    rounds: usize,
    only: &[&str],
) -> Result<BTreeMap<String, Vec<f64>>> {
    page.choose(&[path]).await?;
    let question = json!({ "bytes": bytes, "rounds": rounds, "only": only });
    let answer = page.ask(RUN, vec![question]).await?;
    let took: BTreeMap<String, Vec<f64>> = serde_json::from_value(answer.clone())
        .with_context(|| format!("the worker answers {answer}"))?;
    let rate = |ms: &f64| figures::megabytes_per_second(bytes, ms / 1000.0);
    let rates = took.into_iter();
    Ok(rates
        .map(|(who, rounds)| (who, rounds.iter().map(rate).collect()))
        .collect())
}

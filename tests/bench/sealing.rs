//! Measures sealing alone in Chromium: Sealift's module, bare WebCrypto and the official browser client.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use sealift_tests::Browser;
use serde_json::json;

use crate::{Scale, figures, ground::Ground, upload::peers_page};

const RUN: &str = r"
const [question, done] = arguments;
peers.sealing(question).then(done, error => done({ failed: String(error) }));
";

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let ground = Ground::prepare().await?;
    let browser = Browser::start().await?;
    let page = peers_page(&ground, &browser).await?;
    // The rounds are short, so there can be more of them.
    let rounds = scale.rounds * 3;
    let question = json!({ "bytes": scale.sealing_bytes, "rounds": rounds });
    let answer = page.ask(RUN, vec![question]).await?;
    let took: BTreeMap<String, Vec<f64>> = serde_json::from_value(answer.clone())
        .with_context(|| format!("the worker answers {answer}"))?;
    for (who, rounds) in took {
        let rate = |ms: &f64| figures::megabytes_per_second(scale.sealing_bytes, ms / 1000.0);
        let rates: Vec<f64> = rounds.iter().map(rate).collect();
        figures::report("sealing", "MB/s", &who, &rates);
    }
    Ok(())
}

//! Measures how fast a half-done upload is sealed again and compared when it goes on, and counts the bytes that the
//! store gets twice.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, ensure};
use sealift_tests::{Browser, Operation, Proxy, Setup, Stack};
use sealift_transfer::{Part, api::UploadState};
use serde::Deserialize;

use crate::{
    Scale, figures,
    ground::{self, Ground},
    memory::{MOST_ROUNDS, PATIENCE},
    race::peers_page,
    sealing::sealed,
};

/// The peers read this much of the file in a round.
const PEERS_BYTES: u64 = 256 << 20;
const PEERS: [&str; 2] = ["bare-read", "bare-read-hashed"];
/// The rounds of the peers beside each round of ours, which is longer.
const PEERS_ROUNDS: usize = 3;

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let ground = Ground::prepare().await?;
    let path = ground.file("resume.bin", scale.resumed_bytes)?;
    let (mut rates, mut twice) = (Vec::new(), Vec::new());
    let mut peers: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..scale.rounds.min(MOST_ROUNDS) {
        let resumed = resumed(&path, scale.resumed_bytes).await?;
        let seconds = resumed.compared_ms / 1000.0;
        rates.push(figures::megabytes_per_second(
            resumed.compared_bytes,
            seconds,
        ));
        twice.push(figures::number(resumed.bytes_twice));
        let browser = Browser::start().await?;
        let page = peers_page(&ground, &browser).await?;
        let bytes = PEERS_BYTES.min(scale.resumed_bytes);
        for (who, rates) in sealed(&page, &path, bytes, PEERS_ROUNDS, &PEERS).await? {
            peers.entry(who).or_default().extend(rates);
        }
    }
    figures::report("resume", "MB/s", "sealift", &rates);
    figures::report("resume", "bytes sent twice", "sealift", &twice);
    for (who, rates) in peers {
        figures::report("resume", "MB/s", &who, &rates);
    }
    Ok(())
}

struct Resumed {
    /// Plaintext bytes of the parts that were sealed again.
    compared_bytes: u64,
    compared_ms: f64,
    /// Bytes that the store got whole before, and got again.
    bytes_twice: u64,
}

/// Records when the row begins to compare, and when it does something else.
const WATCH_THE_ROW: &str = r"
const noted = document.documentElement.dataset;
const record = () => {
    const state = document.querySelector('li.file')?.dataset.state;
    if (state === 'comparing') noted.began ??= performance.now();
    else if (noted.began) noted.ended ??= performance.now();
};
new MutationObserver(record).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] });
";

const NOTED: &str =
    "const { began, ended } = document.documentElement.dataset; return { ms: ended - began };";

/// Sends about half of the file, leaves the page, and goes on in a new one.
async fn resumed(path: &Path, bytes: u64) -> Result<Resumed> {
    #[derive(Deserialize)]
    struct Noted {
        ms: f64,
    }
    let setup = Setup::new().with_page()?;
    let setup = setup.with_gate_after(usize::try_from(bytes / 2)?);
    let stack = setup.start_in(ground::folder()?).await?;
    let browser = Browser::start().await?;
    browser.wait_at_most(PATIENCE).await?;
    let page = browser.open(&stack, "").await?;
    page.choose(&[path]).await?;
    stack.gate()?.holds_connections(4).await;

    let page = browser.open(&stack, "").await?;
    let upload = page.listed_upload().await?;
    stack.gate()?.break_all_held().await;
    stack.gate()?.open();
    let status = stack.client.status(&upload).await?;
    ensure!(
        status.state == UploadState::Open,
        "the upload is {status:?}"
    );
    let signed = status
        .parts
        .iter()
        .map(|part| status.plan.part(part.number));
    let signed: Option<Vec<_>> = signed.collect();
    let signed = signed.context("the plan has every part")?;
    let compared_bytes: u64 = signed.iter().map(Part::plaintext_len).sum();
    ensure!(compared_bytes > 0, "no part was signed");
    let before = whole_parts(&stack)?;
    page.run(WATCH_THE_ROW, vec![]).await?;
    page.choose_again(path).await?;
    let name = path.file_name().and_then(|name| name.to_str());
    page.wait_for(name.context("the file has a name")?, "done")
        .await?;

    let noted: Noted = serde_json::from_value(page.run(NOTED, vec![]).await?)?;
    let again = whole_parts(&stack)?.into_iter();
    let again = again.filter_map(|(part, got)| Some((got, before.get(&part)?)));
    Ok(Resumed {
        compared_bytes,
        compared_ms: noted.ms,
        bytes_twice: again.map(|(got, before)| got - before).sum(),
    })
}

/// Returns the bytes of every part that the store got whole, by part number.
fn whole_parts(stack: &Stack) -> Result<BTreeMap<u16, u64>> {
    let store: &Proxy = &stack.proxies()?.client_to_store;
    let mut bytes = BTreeMap::new();
    for reached in store.journal().iter() {
        let request = &reached.request;
        if request.operation == Operation::UploadPart && reached.is_whole_part() {
            let number = request.part_number.context("a part has a number")?;
            *bytes.entry(number).or_default() += request.body_len.unwrap_or(0);
        }
    }
    Ok(bytes)
}

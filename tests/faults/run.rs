//! The steps of the run, in order.

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use sealift_tests::Randomness;
use tokio::{
    sync::Semaphore,
    task::{JoinSet, block_in_place},
};

use crate::{
    afterwards,
    args::Run,
    course::Course,
    deployment::Deployment,
    disturbance,
    figures::{Figures, Tally, faults_of},
    native, page,
    terminal::{complain, say},
};

/// Uploads at a time. After a kill many of them wait for a minute, until the lease of the dead server ends. With this
/// number others continue meanwhile.
const AT_ONCE: usize = 32;

pub(crate) async fn run(asked: &Run) -> Result<ExitCode> {
    let seed = match asked.seed {
        Some(seed) => seed,
        None => getrandom::u64()?,
    };
    say(&format!(
        "Seed {seed}: `--seed {seed}` repeats the same uploads and faults."
    ));
    let mut deployment = Arc::new(Deployment::start(asked.store).await?);
    let figures = act(&deployment, asked, seed)
        .await
        .with_context(|| format!("the run of seed {seed} broke off"));
    let is_clean = figures
        .as_ref()
        .is_ok_and(|figures| figures.violations().is_empty());
    if (!is_clean || asked.keep)
        && let Some(deployment) = Arc::get_mut(&mut deployment)
    {
        let folder = deployment.keep_folder().display().to_string();
        say(&format!("Data and logs stay in {folder}"));
    }
    let figures = figures?;
    figures.print();
    for violation in figures.violations() {
        complain(&format!("{violation} (seed {seed})"));
    }
    Ok(if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn act(deployment: &Arc<Deployment>, asked: &Run, seed: u64) -> Result<Figures> {
    let began = Instant::now();
    deployment.begin_faults(seed);
    let disturbing = {
        let deployment = deployment.clone();
        let randomness = Randomness::from_seed(seed.rotate_left(32));
        tokio::spawn(async move { disturbance::disturb(&deployment, randomness).await })
    };
    let native = all_native(deployment, asked.uploads, seed).await?;
    let page = match asked.browser {
        0 => Tally::default(),
        uploads => {
            let numbers = asked.uploads..asked.uploads + uploads;
            page::send_all(deployment, numbers, seed).await?
        }
    };
    deployment.end_faults();
    let disturbances = disturbing.await??;
    say("The faults are over. Checking the files and the store.");

    let mut later = Tally::default();
    for tally in [&native, &page] {
        later.identical.extend(tally.identical.iter().cloned());
        later.cancelled.extend(&tally.cancelled);
    }
    let client = deployment.client()?;
    let files = afterwards::end_everything(&client, seed, &mut later).await?;
    let findings = afterwards::search(deployment, &files).await?;
    Ok(Figures {
        seed,
        store: deployment.store.name(),
        native,
        page,
        later,
        disturbances,
        faults: faults_of(deployment),
        findings,
        seconds: began.elapsed().as_secs(),
    })
}

async fn all_native(deployment: &Arc<Deployment>, uploads: u64, seed: u64) -> Result<Tally> {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for number in 0..uploads {
        // Each upload has a client of its own, as different people would.
        let (client, slots) = (deployment.client()?, slots.clone());
        let course = Course::of(seed, number)?;
        running.spawn(async move {
            let _permit = slots.acquire_owned().await;
            let plaintext = block_in_place(|| course.plaintext(seed));
            native::send(&client, &course, &plaintext).await
        });
    }
    let mut all = Tally::default();
    let mut reported = Instant::now();
    while let Some(ended) = running.join_next().await {
        all.add(ended?);
        if reported.elapsed() > Duration::from_secs(20) {
            reported = Instant::now();
            say(&format!("{} of {uploads} uploads have ended", all.uploads));
        }
    }
    Ok(all)
}

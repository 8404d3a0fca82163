//! Sealing and opening natively against the raw AEAD: the benches of `sealift-message`, in turns.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::{Scale, figures, ground::path_in};

/// Ours and the raw AEAD's names in crates/message/benches, and the frame length in front.
const CONTESTS: [(&str, &str, &[&str]); 4] = [
    (
        "sealing, frames of 256 KiB",
        "262144",
        &["seal/sealift", "seal/raw"],
    ),
    (
        "sealing, frames of 64 KiB",
        "65536",
        &["seal/sealift", "seal/raw"],
    ),
    (
        "opening, frames of 256 KiB",
        "262144",
        &["open/own at once", "open/own in pieces", "open/raw"],
    ),
    (
        "opening, frames of 64 KiB",
        "65536",
        &["open/own at once", "open/own in pieces", "open/raw"],
    ),
];

/// What those benches work on.
const BYTES: u64 = 8 << 20;

pub(crate) fn measure(scale: Scale) -> Result<()> {
    let bench = path_in("SEALIFT_BENCH_MESSAGE")?;
    let folder = tempfile::tempdir()?;
    for (contest, frame_length, names) in CONTESTS {
        let mut rates = vec![Vec::new(); names.len()];
        for _ in 0..scale.rounds {
            for (name, rates) in names.iter().zip(&mut rates) {
                let id = format!("{name}/{frame_length}");
                rates.push(run(&bench, folder.path(), &id)?);
            }
        }
        for (name, rates) in names.iter().zip(&rates) {
            let (_, who) = name.split_once('/').context("a group and a name")?;
            figures::tell("native", &format!("MB/s {contest}"), who, rates);
        }
    }
    Ok(())
}

/// One bench for a second; the median of what it tried.
fn run(bench: &Path, folder: &Path, id: &str) -> Result<f64> {
    #[derive(Deserialize)]
    struct Sample {
        iters: Vec<f64>,
        times: Vec<f64>,
    }
    let status = Command::new(bench)
        .args(["--bench", "--noplot", "--sample-size", "20"])
        .args(["--warm-up-time", "0.3", "--measurement-time", "1"])
        .arg(format!("^{id}$"))
        .env("CRITERION_HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(status.success(), "the bench {id} ended with {status}");
    let path = folder.join(id).join("new/sample.json");
    let sample = fs::read_to_string(&path).with_context(|| format!("{id} measured nothing"))?;
    let sample: Sample = serde_json::from_str(&sample)?;
    let tries = sample.times.iter().zip(&sample.iters);
    let mut nanoseconds: Vec<f64> = tries.map(|(time, iters)| time / iters).collect();
    nanoseconds.sort_by(f64::total_cmp);
    let median = nanoseconds.get(nanoseconds.len() / 2).context("no tries")?;
    Ok(figures::megabytes_per_second(BYTES, median / 1e9))
}

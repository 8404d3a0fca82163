//! Compares native sealing and decrypting with the raw AEAD: runs the benches of `sealift-message` in alternation.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::{Scale, figures, ground::path_in};

/// The title, the frame length, and the names in crates/message/benches of our benches and those of the raw AEAD.
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

/// Bytes of plaintext in those benches.
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
            figures::report("native", &format!("MB/s {contest}"), who, rates);
        }
    }
    Ok(())
}

/// Runs one bench for a second and returns the median of its samples.
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

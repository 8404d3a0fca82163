//! Compares native sealing and decrypting with the raw AEAD, by the benches of `sealift-message`, and with other crates
//! that encrypt whole messages, by the program in tests/bench/native-peers.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::{Scale, figures, ground::path_in};

/// The title, the frame length, the group in crates/message/benches, and the names in it of our benches and those
/// of the raw AEAD.
const CONTESTS: [(&str, &str, &str, &[&str]); 4] = [
    ("sealing, frames of 256 KiB", "262144", "seal", SEALING),
    ("sealing, frames of 64 KiB", "65536", "seal", SEALING),
    ("opening, frames of 256 KiB", "262144", "open", OPENING),
    ("opening, frames of 64 KiB", "65536", "open", OPENING),
];
const SEALING: &[&str] = &["sealift", "raw"];
const OPENING: &[&str] = &["own at once", "own in pieces", "raw", "raw in pieces"];

/// Bytes of plaintext in those benches.
const BYTES: u64 = 8 << 20;

pub(crate) fn measure(scale: Scale) -> Result<()> {
    let bench = path_in("SEALIFT_BENCH_MESSAGE")?;
    let folder = tempfile::tempdir()?;
    for (contest, frame_length, group, names) in CONTESTS {
        let mut rates = vec![Vec::new(); names.len()];
        for _ in 0..scale.rounds {
            // One process runs them all, so that they use the same buffers, and other work on the machine falls on all.
            let filter = format!("^{group}/({})/{frame_length}$", names.join("|"));
            run(&bench, folder.path(), &filter)?;
            for (name, rates) in names.iter().zip(&mut rates) {
                let id = format!("{group}/{name}/{frame_length}");
                rates.push(rate(folder.path(), &id)?);
            }
        }
        for (name, rates) in names.iter().zip(&rates) {
            figures::report("native", &format!("MB/s {contest}"), name, rates);
        }
    }
    whole_messages(scale)
}

/// Runs the program of the native peers, which measures in rounds itself, and passes its figures on.
fn whole_messages(scale: Scale) -> Result<()> {
    let peers = Command::new(path_in("SEALIFT_BENCH_NATIVE_PEERS")?)
        .arg(scale.rounds.to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        peers.status.success(),
        "the native peers ended with {}",
        peers.status
    );
    for line in String::from_utf8(peers.stdout)?.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, what, rates] = fields.as_slice() else {
            bail!("the native peers say {line}");
        };
        let rates: Result<Vec<f64>, _> = rates.split(' ').map(str::parse).collect();
        let measure = format!("MB/s {what} a message");
        figures::report("native", &measure, &format!("whole {name}"), &rates?);
    }
    Ok(())
}

/// Runs each bench that the filter names for a second.
fn run(bench: &Path, folder: &Path, filter: &str) -> Result<()> {
    let status = Command::new(bench)
        .args(["--bench", "--noplot", "--sample-size", "20"])
        .args(["--warm-up-time", "0.3", "--measurement-time", "1"])
        .arg(filter)
        .env("CRITERION_HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(status.success(), "the benches {filter} ended with {status}");
    Ok(())
}

/// Returns the median of the samples of the last run.
fn rate(folder: &Path, id: &str) -> Result<f64> {
    #[derive(Deserialize)]
    struct Sample {
        iters: Vec<f64>,
        times: Vec<f64>,
    }
    let path = folder.join(id).join("new/sample.json");
    let sample = fs::read_to_string(&path).with_context(|| format!("{id} measured nothing"))?;
    let sample: Sample = serde_json::from_str(&sample)?;
    let tries = sample.times.iter().zip(&sample.iters);
    let mut nanoseconds: Vec<f64> = tries.map(|(time, iters)| time / iters).collect();
    nanoseconds.sort_by(f64::total_cmp);
    let median = nanoseconds.get(nanoseconds.len() / 2).context("no tries")?;
    Ok(figures::megabytes_per_second(BYTES, median / 1e9))
}

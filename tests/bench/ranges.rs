//! Measures reads of ranges of a very large object through the server with the `kms` keyring: the requests to the store
//! and to KMS, and the time to the first byte.

use std::{
    collections::BTreeSet,
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use reqwest::{StatusCode, header};
use sealift_tests::{LargeFile, Moto, Proxy, Setup, sizes};

use crate::{Scale, figures, ground};

/// Multiplies the rounds, because a round takes milliseconds here and seconds in other rows.
const TIMES_ROUNDS: usize = 4;
/// Warm reads after each cold read.
const WARM_READS: usize = 4;

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let moto = Moto::start().await?;
    let ranges = ranges(u64::try_from(sizes::FRAME)?);
    let mut large = stored(&moto, &ranges).await?;
    let mut cold = vec![Vec::new(); ranges.len()];
    let mut warm = vec![Vec::new(); ranges.len()];
    for _ in 0..scale.rounds * TIMES_ROUNDS {
        for (((_, range), cold), warm) in ranges.iter().zip(&mut cold).zip(&mut warm) {
            large = large.restart().await?;
            let reader = Reader::connected(&large, moto.proxy()).await?;
            cold.push(reader.read(range.clone()).await?);
            for _ in 0..WARM_READS {
                warm.push(reader.read(range.clone()).await?);
            }
        }
    }
    for (((name, _), cold), warm) in ranges.iter().zip(&cold).zip(&warm) {
        for (how, costs) in [("cold", cold), ("warm", warm)] {
            let who = format!("{name} {how}");
            report("ms to the first byte", &who, costs, |cost| {
                cost.first_byte.as_secs_f64() * 1e3
            });
            report_costs(&who, costs);
        }
    }
    report_costs("any cold", &cold.concat());
    report_costs("any warm", &warm.concat());
    Ok(())
}

/// Returns the ranges of plaintext with their names in the table.
fn ranges(frame_length: u64) -> [(&'static str, Range<u64>); 5] {
    let end = LargeFile::SIZE;
    let edge = end / 2;
    let middle = edge + frame_length / 2;
    [
        ("first", 0..1),
        ("edge", edge - 1..edge + 1),
        ("middle", middle..middle + 1),
        ("last", end - 1..end),
        ("mebibyte", middle..middle + (1 << 20)),
    ]
}

/// Stores the file. Only the frames of these ranges are really sealed.
async fn stored(moto: &Moto, ranges: &[(&str, Range<u64>)]) -> Result<LargeFile> {
    let setup = Setup::new().with_kms(moto, &moto.make_key().await?);
    let stack = setup.with_proxies().start_in(ground::folder()?).await?;
    let frame_length = u64::try_from(sizes::FRAME)?;
    let frames: BTreeSet<u64> = ranges
        .iter()
        .flat_map(|(_, range)| range.start / frame_length..range.end.div_ceil(frame_length))
        .collect();
    let frames: Vec<u64> = frames.into_iter().collect();
    LargeFile::with_frames(stack, &frames).await
}

/// The cost of one read.
#[derive(Debug, Clone, Copy)]
struct Cost {
    first_byte: Duration,
    gets: usize,
    fetched_bytes: u64,
    /// Plaintext bytes that were fetched beyond the range, on the side where there are more of them.
    beyond_bytes: u64,
    kms_calls: usize,
}

fn report_costs(who: &str, costs: &[Cost]) {
    let kib = |bytes| figures::mebibytes(bytes) * 1024.0;
    let count = |count| u64::try_from(count).map_or(f64::INFINITY, figures::number);
    report("S3 GETs", who, costs, |cost| count(cost.gets));
    report("KiB fetched", who, costs, |cost| kib(cost.fetched_bytes));
    report("KiB beyond the range", who, costs, |cost| {
        kib(cost.beyond_bytes)
    });
    report("KMS calls", who, costs, |cost| count(cost.kms_calls));
}

fn report(measure: &str, who: &str, costs: &[Cost], value: impl Fn(&Cost) -> f64) {
    let values: Vec<f64> = costs.iter().map(value).collect();
    figures::report("ranges", measure, who, &values);
}

/// A client that already has a connection to the server.
struct Reader<'a> {
    http: reqwest::Client,
    large: &'a LargeFile,
    kms: &'a Proxy,
}

impl<'a> Reader<'a> {
    async fn connected(large: &'a LargeFile, kms: &'a Proxy) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let health = format!("{}/healthz", large.stack().address());
        let healthy = http.get(health).send().await?.error_for_status()?;
        // The body is read to its end, so that the connection is free for the next request.
        healthy.bytes().await?;
        Ok(Self { http, large, kms })
    }

    /// Reads the range and checks its bytes.
    async fn read(&self, plaintext: Range<u64>) -> Result<Cost> {
        let stack = self.large.stack();
        let store = &stack.proxies()?.server_to_store;
        let requests = || store.journal().iter().count();
        let kms_calls = || self.kms.journal().iter().count();
        let (gets_before, requests_before) = (stack.gets()?.len(), requests());
        let kms_calls_before = kms_calls();
        let asked = format!("bytes={}-{}", plaintext.start, plaintext.end - 1);
        let request = self.http.get(self.large.content_url());
        let request = request.header(header::RANGE, &asked);

        let began = Instant::now();
        let mut answer = request.send().await?;
        let status = answer.status();
        ensure!(status == StatusCode::PARTIAL_CONTENT, "{asked}: {status}");
        let mut body = answer.chunk().await?.context("no byte came")?.to_vec();
        let first_byte = began.elapsed();

        while let Some(piece) = answer.chunk().await? {
            body.extend_from_slice(&piece);
        }
        let expected = plaintext.clone().map(|at| self.large.byte_at(at));
        ensure!(
            body.iter().copied().eq(expected),
            "{asked} returned wrong bytes"
        );
        let gets = stack.gets()?.split_off(gets_before);
        ensure!(
            gets.len() == requests() - requests_before,
            "{asked}: the store got requests other than GETs"
        );
        Ok(Cost {
            first_byte,
            gets: gets.len(),
            fetched_bytes: gets.iter().map(|get| get.end - get.start).sum(),
            beyond_bytes: self.beyond(&plaintext, &gets)?,
            kms_calls: kms_calls() - kms_calls_before,
        })
    }

    fn beyond(&self, plaintext: &Range<u64>, gets: &[Range<u64>]) -> Result<u64> {
        let start = gets.iter().map(|get| get.start).min();
        let end = gets.iter().map(|get| get.end).max();
        let (start, end) = start.zip(end).context("nothing was fetched")?;
        let held = self.large.plaintext_in(&(start..end))?;
        Ok((plaintext.start - held.start).max(held.end - plaintext.end))
    }
}

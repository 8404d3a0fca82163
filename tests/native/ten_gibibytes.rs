//! Reads of single bytes of a very large file.

use std::ops::Range;

use anyhow::{Result, ensure};
use http::{StatusCode, header};
use sealift_tests::{LargeFile, Randomness, Setup, sizes::FRAME};

async fn large_with(frames: &[u64]) -> Result<LargeFile> {
    let stack = Setup::new().with_proxies().start().await?;
    LargeFile::with_frames(stack, frames).await
}

/// Returns the bytes of the range and the GETs that the read took.
async fn read(large: &LargeFile, plaintext: Range<u64>) -> Result<(Vec<u8>, Vec<Range<u64>>)> {
    let before = large.stack().gets()?.len();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let asked = format!("bytes={}-{}", plaintext.start, plaintext.end - 1);
    let answer = http
        .get(large.content_url())
        .header(header::RANGE, &asked)
        .send()
        .await?;
    ensure!(
        answer.status() == StatusCode::PARTIAL_CONTENT,
        "{asked}: {}",
        answer.status()
    );
    let body = answer.bytes().await?.to_vec();
    Ok((body, large.stack().gets()?.split_off(before)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_anywhere_in_ten_gibibytes_costs_one_get_of_exactly_its_frame() -> Result<()> {
    let mut randomness = Randomness::from_printed_seed()?;
    let frame_length = u64::try_from(FRAME)?;
    let last = LargeFile::SIZE / frame_length - 1;
    let some = 2 + randomness.below(last - 4);
    let frames = [0, 1, last / 2, last / 2 + 1, some, last - 1, last];
    let large = large_with(&frames).await?;
    assert_eq!(large.frame_length(), frame_length);
    for index in frames {
        let start = index * frame_length;
        let within = randomness.below(frame_length);
        for at in [start, start + within, start + frame_length - 1] {
            let (body, gets) = read(&large, at..at + 1).await?;
            assert_eq!(body, [large.byte_at(at)], "byte {at}");
            let mut exactly = large.frame(index)?;
            if index == 0 {
                // The first read also fetches the header, which the server compares with its record.
                exactly.start = 0;
            }
            assert_eq!(gets, [exactly], "byte {at}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bytes_over_a_frames_edge_cost_one_get_of_two_frames() -> Result<()> {
    let middle = LargeFile::SIZE / u64::try_from(FRAME)? / 2;
    let large = large_with(&[middle, middle + 1]).await?;
    let edge = (middle + 1) * large.frame_length();
    let (body, gets) = read(&large, edge - 1..edge + 1).await?;
    assert_eq!(body, [edge - 1, edge].map(|at| large.byte_at(at)));
    let both = large.frame(middle)?.start..large.frame(middle + 1)?.end;
    assert_eq!(gets, [both]);
    Ok(())
}

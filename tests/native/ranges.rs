//! A range request returns exactly that slice of the file, or is refused.

use anyhow::{Result, bail};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use sealift_tests::{
    Randomness, Reading, Setup, Stack, read_content,
    sizes::{FRAME, PART},
};
use sealift_transfer::api::{FileRecord, ProblemCode};

const LEN: usize = PART + FRAME + 1;

async fn stored() -> Result<(Stack, FileRecord, Bytes)> {
    let stack = Setup::new().start().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let file = stack.upload("ranges", &plaintext).await?;
    Ok((stack, file, plaintext))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_range_near_an_edge_is_that_slice() -> Result<()> {
    let (stack, file, plaintext) = stored().await?;
    let near = |edge: usize| edge.saturating_sub(1)..=(edge + 1).min(LEN);
    let edges: Vec<usize> = [0, FRAME, PART, PART + FRAME, LEN]
        .into_iter()
        .flat_map(near)
        .collect();
    for first in &edges {
        for end in edges.iter().filter(|end| first < *end) {
            let range = format!("bytes={first}-{}", end - 1);
            let Reading::Whole {
                status,
                headers,
                body,
            } = read_content(&stack, &file.id, Some(&range)).await?
            else {
                bail!("{range} was not answered");
            };
            assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert!(body == plaintext[*first..*end], "{range}");
            assert_eq!(
                text(&headers, header::CONTENT_RANGE),
                format!("bytes {first}-{}/{LEN}", end - 1)
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn open_ranges_and_suffixes_are_slices_too() -> Result<()> {
    let (stack, file, plaintext) = stored().await?;
    let slices = [
        (format!("bytes={PART}-"), PART..LEN),
        (format!("bytes=-{FRAME}"), LEN - FRAME..LEN),
        (format!("bytes=-{}", LEN + 5), 0..LEN),
        (format!("bytes={}-{}", LEN - 1, LEN * 2), LEN - 1..LEN),
    ];
    for (range, slice) in slices {
        let body = read_content(&stack, &file.id, Some(&range))
            .await?
            .whole()?;
        assert!(body == plaintext[slice], "{range}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_outside_the_file_is_refused_with_its_size() -> Result<()> {
    let (stack, file, _) = stored().await?;
    let outside = [
        format!("bytes={LEN}-"),
        format!("bytes={}-{}", LEN + 1, LEN + 2),
        "bytes=5-4".to_owned(),
        "bytes=-0".to_owned(),
        "bytes=0-1,5-6".to_owned(),
        "bytes=a-b".to_owned(),
    ];
    for range in outside {
        let Reading::Refused(problem) = read_content(&stack, &file.id, Some(&range)).await? else {
            bail!("{range} was answered");
        };
        assert_eq!(
            problem.known_code(),
            Some(ProblemCode::RangeNotSatisfiable),
            "{range}"
        );
        assert_eq!(problem.status, 416);
        assert_eq!(problem.numbers["size"], LEN);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn head_answers_as_get_would_without_a_body() -> Result<()> {
    let (stack, file, _) = stored().await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = stack.content_url(&file.id);
    let got = http.get(&url).send().await?;
    let head = http.head(&url).send().await?;
    assert_eq!(head.status(), StatusCode::OK);
    for name in [
        header::CONTENT_LENGTH,
        header::ETAG,
        header::ACCEPT_RANGES,
        header::CONTENT_TYPE,
        header::CONTENT_DISPOSITION,
        header::CONTENT_SECURITY_POLICY,
    ] {
        assert!(head.headers().contains_key(&name), "{name}");
        assert_eq!(
            head.headers().get(&name),
            got.headers().get(&name),
            "{name}"
        );
    }
    assert_eq!(
        text(head.headers(), header::CONTENT_LENGTH),
        LEN.to_string()
    );
    assert!(head.bytes().await?.is_empty());

    let head = http
        .head(&url)
        .header(header::RANGE, "bytes=3-7")
        .send()
        .await?;
    // Ranges apply to GET only.
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(
        text(head.headers(), header::CONTENT_LENGTH),
        LEN.to_string()
    );
    Ok(())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

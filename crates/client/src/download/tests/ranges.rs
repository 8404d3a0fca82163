//! Downloads of several ranges at once, from a server that has a file of 50 MiB.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};

use sha2::{Digest as _, Sha256};
use tokio::{io::AsyncWriteExt as _, sync::Barrier, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    output::{header, refused},
    *,
};
use crate::raw_server::{answer, listen, read};
use sealift_transfer::api::ProblemCode;

/// Longer than a client needs to ask for a few ranges.
const PATIENCE: Duration = Duration::from_secs(60);
const RANGE: usize = 8 * 1024 * 1024;
const SIZE: usize = 6 * RANGE + 2 * 1024 * 1024;

fn plaintext() -> &'static [u8] {
    static PLAINTEXT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let words = 0_u32..;
        words.flat_map(u32::to_be_bytes).take(SIZE).collect()
    });
    &PLAINTEXT
}

/// The ranges that were asked for, with the number of requests for each start.
type Requests = Arc<Mutex<BTreeMap<usize, usize>>>;

/// Starts a server that gives the ranges of the file. `fault` gets the start and the number of earlier requests
/// for it, and returns another answer, or the number of bytes after which the right answer breaks off. `meet` is
/// how many of the second to fourth range wait for each other.
async fn serve(
    fault: impl Fn(usize, usize) -> Result<usize, String> + Send + Sync + 'static,
    meet: Option<usize>,
) -> (Client, Requests, JoinHandle<()>) {
    let (client, listener) = listen().await;
    let (requests, fault) = (Requests::default(), Arc::new(fault));
    let seen = requests.clone();
    let barrier = meet.map(|count| Arc::new(Barrier::new(count)));
    let server = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let (seen, fault) = (seen.clone(), fault.clone());
            let barrier = barrier.clone();
            tokio::spawn(async move {
                let asked = read(&mut connection).await;
                if !asked.what().ends_with("/content") {
                    let forbidden = answer("403 Forbidden\r\n", "");
                    connection.write_all(forbidden.as_bytes()).await.unwrap();
                    return;
                }
                let range = header(&asked, "range").unwrap();
                let range = range.strip_prefix("bytes=").unwrap();
                let (first, last) = range.split_once('-').unwrap();
                let start: usize = first.parse().unwrap();
                let end = last.parse::<usize>().unwrap().min(SIZE - 1) + 1;
                let is_of = header(&asked, "if-match") == Some("\"m\"");
                assert!(is_of || start == 0, "{}", asked.head);
                let before = {
                    let mut seen = seen.lock().unwrap();
                    let count = seen.entry(start).or_default();
                    *count += 1;
                    *count - 1
                };
                let body = &plaintext()[start..end];
                let head = format!(
                    "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {start}-{}/{SIZE}\r\n\
                     etag: \"m\"\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    end - 1,
                    body.len()
                );
                if let Some(barrier) = barrier
                    && (RANGE..4 * RANGE).contains(&start)
                {
                    let others = timeout(PATIENCE, barrier.wait()).await;
                    others.expect("the ranges are not asked for at the same time");
                }
                // The client may have gone by then.
                let _ = match fault(start, before) {
                    Err(other) => connection.write_all(other.as_bytes()).await,
                    Ok(most) => {
                        let came = &body[..most.min(body.len())];
                        connection
                            .write_all(&[head.as_bytes(), came].concat())
                            .await
                    }
                };
            });
        }
    });
    (client, requests, server)
}

async fn save(client: &Client) -> (Result<Downloaded, DownloadError>, Vec<u8>) {
    let (file, mut output) = (file_id(), Vec::new());
    let cancel = CancellationToken::new();
    let came = client.download_into(&file, None, &mut output, |_| {}, cancel);
    (came.await, output)
}

fn sha256(bytes: &[u8]) -> String {
    into::hex(Sha256::new_with_prefix(bytes))
}

fn starts() -> BTreeMap<usize, usize> {
    (0..7).map(|range| (range * RANGE, 1)).collect()
}

#[tokio::test]
async fn ranges_are_fetched_at_the_same_time_and_joined_in_order() {
    // The second, third and fourth range are answered only when all three are asked for.
    let (client, requests, server) = serve(|_, _| Ok(SIZE), Some(3)).await;
    let (came, output) = save(&client).await;
    assert!(output == plaintext());
    assert_eq!(came.unwrap().sha256, sha256(&output));
    assert_eq!(*requests.lock().unwrap(), starts());
    server.abort();
}

#[tokio::test]
async fn a_range_that_breaks_off_is_asked_for_again_alone_and_from_there() {
    let came = 1_000_000;
    let fault = move |start, before| {
        Ok(if (start, before) == (2 * RANGE, 0) {
            came
        } else {
            SIZE
        })
    };
    let (client, requests, server) = serve(fault, None).await;
    let (saved, output) = save(&client).await;
    saved.unwrap();
    assert!(output == plaintext());
    let mut expected = starts();
    expected.insert(2 * RANGE + came, 1);
    assert_eq!(*requests.lock().unwrap(), expected);
    server.abort();
}

#[tokio::test]
async fn a_range_that_is_refused_for_a_while_is_asked_for_again() {
    let busy = answer("503 No\r\nretry-after: 0\r\n", "");
    let fault = move |start, before| match (start, before) {
        (RANGE, 0) => Err(busy.clone()),
        _ => Ok(SIZE),
    };
    let (client, requests, server) = serve(fault, None).await;
    let (saved, output) = save(&client).await;
    saved.unwrap();
    assert!(output == plaintext());
    let mut expected = starts();
    expected.insert(RANGE, 2);
    assert_eq!(*requests.lock().unwrap(), expected);
    server.abort();
}

#[tokio::test]
async fn nothing_after_a_range_that_is_refused_for_good_is_given() {
    let other = |etag: &str, size: usize| {
        let (start, end) = (2 * RANGE, 3 * RANGE);
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {start}-{}/{size}\r\n\
             etag: {etag}\r\ncontent-length: {RANGE}\r\n\r\n",
            end - 1
        );
        head + &"x".repeat(RANGE)
    };
    for (answer, expected) in [
        (refused(ProblemCode::ObjectDamaged), "Request"),
        (refused(ProblemCode::PreconditionFailed), "Replaced"),
        (other("\"n\"", SIZE), "Replaced"),
        (other("\"m\"", SIZE + 1), "OtherAnswer"),
    ] {
        let fault = move |start, _| match start == 2 * RANGE {
            true => Err(answer.clone()),
            false => Ok(SIZE),
        };
        let (client, _, server) = serve(fault, None).await;
        let (saved, output) = save(&client).await;
        let error = format!("{:?}", saved.unwrap_err());
        assert!(error.starts_with(expected), "{error}");
        assert!(output == plaintext()[..2 * RANGE]);
        server.abort();
    }
}

#[tokio::test]
async fn an_empty_file_and_one_without_a_strong_etag_are_asked_for_in_one() {
    let empty = refused(ProblemCode::RangeNotSatisfiable);
    let first = format!(
        "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-{}/{SIZE}\r\n\
         etag: W/\"m\"\r\nconnection: close\r\ncontent-length: {RANGE}\r\n\r\n",
        RANGE - 1
    );
    for (first, len) in [(empty, 0), (first, SIZE)] {
        let (client, listener) = listen().await;
        let body = String::from_utf8(vec![b'a'; len]).unwrap();
        let answers = vec![first, answer("200 OK\r\n", &body), answer("403 No\r\n", "")];
        let server = crate::raw_server::play(listener, answers);
        let (saved, output) = save(&client).await;
        saved.unwrap();
        assert_eq!(output.len(), len);
        let asked = server.await.unwrap();
        assert_eq!(header(&asked[0], "range"), Some("bytes=0-8388607"));
        assert_eq!(header(&asked[1], "range"), None);
    }
}

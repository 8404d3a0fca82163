//! Reading a file: whole, in ranges, under conditions, as a download that nothing runs.

use http::Method;
use sealift_message::{Header, MessageId};
use sealift_transfer::api::{FileRecord, ProblemCode, files};

use crate::support::{Answer, Client, FRAME, Stack, bytes};

const SIZE: usize = 2 * FRAME + 100;

async fn uploaded() -> (Stack, Client, FileRecord, Vec<u8>) {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(SIZE);
    let record = client.upload("a.bin", &plaintext).await;
    (stack, client, record, plaintext)
}

#[tokio::test]
async fn a_range_is_exactly_the_slice_of_the_whole() {
    let (_stack, client, record, plaintext) = uploaded().await;
    let path = files::content_path(&record.id);
    for (asked, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=0-4095", 0, FRAME - 1),
        ("bytes=4095-4096", FRAME - 1, FRAME),
        ("bytes=4096-8191", FRAME, 2 * FRAME - 1),
        ("bytes=1-8290", 1, SIZE - 2),
        ("bytes=8291-8291", SIZE - 1, SIZE - 1),
        ("bytes=8200-", 8200, SIZE - 1),
        ("bytes=-1", SIZE - 1, SIZE - 1),
        ("bytes=-99999", 0, SIZE - 1),
        ("bytes=5-99999", 5, SIZE - 1),
    ] {
        let answer = client.get_with(&path, "range", asked).await;
        assert_eq!(answer.status, 206, "{asked}");
        assert!(answer.body == plaintext[first..=last], "{asked}");
        let range = format!("bytes {first}-{last}/{SIZE}");
        assert_eq!(answer.header("content-range"), range);
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("content-length"), length);
    }
}

#[tokio::test]
async fn a_range_outside_the_file_or_no_range_at_all_is_refused() {
    let (_stack, client, record, _) = uploaded().await;
    let path = files::content_path(&record.id);
    for bad in [
        "bytes=8292-",
        "bytes=8292-8292",
        "bytes=5-4",
        "bytes=-0",
        "bytes=",
        "bytes=a-b",
        "bytes=0-1,3-4",
        "bytes=18446744073709551616-",
        "bytes=0x1-2",
    ] {
        let answer = client.get_with(&path, "range", bad).await;
        answer.refused(ProblemCode::RangeNotSatisfiable);
        let range = format!("bytes */{SIZE}");
        assert_eq!(answer.header("content-range"), range, "{bad}");
    }
}

#[tokio::test]
async fn a_range_of_another_unit_is_ignored() {
    let (_stack, client, record, plaintext) = uploaded().await;
    let path = files::content_path(&record.id);
    let answer = client.get_with(&path, "range", "lines=1-2").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body == plaintext);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let (_stack, client, record, _) = uploaded().await;
    let path = files::content_path(&record.id);
    for range in [None, Some("bytes=3-9")] {
        let asked = |method| {
            let request = client.request(method, &path);
            match range {
                Some(range) => request.header("range", range),
                None => request,
            }
        };
        let mut get = Answer::to(asked(Method::GET)).await;
        let mut head = Answer::to(asked(Method::HEAD)).await;
        assert_eq!(head.body, b"");
        assert_eq!(head.status, get.status);
        for changing in ["date", "x-request-id"] {
            get.headers.remove(changing);
            head.headers.remove(changing);
        }
        assert_eq!(head.headers, get.headers);
    }
    let outside = client.request(Method::HEAD, &path);
    let outside = outside.header("range", "bytes=99999-");
    assert_eq!(Answer::to(outside).await.status, 416);
}

#[tokio::test]
async fn the_etag_is_the_message_id_and_never_the_stores_own() {
    let (stack, client, record, _) = uploaded().await;
    let object = std::fs::read(stack.object_of(&record)).unwrap();
    let message_id: [u8; 32] = object[3..35].try_into().unwrap();
    let etag = format!("\"{}\"", MessageId::from_bytes(message_id));
    let answer = client.content(&record.id).await;
    assert_eq!(answer.header("etag"), etag);
    assert_ne!(answer.header("etag"), record.etag);
    let head = usize::try_from(record.sealed_size).unwrap() - SIZE - 3 * 32 - 8;
    let header = Header::parse_own(&object[..head]).unwrap();
    assert_eq!(header.message_id().as_bytes(), &message_id);
}

#[tokio::test]
async fn a_reader_that_knows_the_file_is_told_that_it_did_not_change() {
    let (_stack, client, record, _) = uploaded().await;
    let path = files::content_path(&record.id);
    let etag = client.content(&record.id).await.header("etag").to_owned();
    let several = format!("\"other\", {etag}");
    for known in [etag.as_str(), "*", several.as_str()] {
        let answer = client.get_with(&path, "if-none-match", known).await;
        assert_eq!(answer.status, 304, "{known}");
        assert_eq!(answer.header("etag"), etag);
        assert_eq!(answer.body, b"");
    }
    let answer = client.get_with(&path, "if-none-match", "\"other\"").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_range_of_another_version_gives_the_whole_file() {
    let (_stack, client, record, plaintext) = uploaded().await;
    let path = files::content_path(&record.id);
    let etag = client.content(&record.id).await.header("etag").to_owned();
    let asked = |etag: &str| {
        let request = client.request(Method::GET, &path);
        Answer::to(
            request
                .header("range", "bytes=0-9")
                .header("if-range", etag),
        )
    };
    let same = asked(&etag).await;
    assert_eq!((same.status, same.body.len()), (206, 10));
    for other in ["\"other\"", "Wed, 21 Oct 2015 07:28:00 GMT"] {
        let answer = asked(other).await;
        assert_eq!(answer.status, 200, "{other}");
        assert!(answer.body == plaintext);
    }
}

#[tokio::test]
async fn a_file_is_a_download_that_no_browser_runs_or_keeps() {
    let stack = Stack::start().await;
    let client = stack.client();
    let name = "a\"; filename=evil.html; \u{202e}fdp.é";
    let record = client.upload(name, b"<script>alert(1)</script>").await;
    let answer = client.content(&record.id).await;
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename*=UTF-8''a%22%3B%20filename%3Devil.html%3B%20%E2%80%AEfdp.%C3%A9"
    );
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "private, no-store"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

//! Reading a file: whole, in ranges, under conditions, and as a download that no browser runs.

use http::Method;
use sealift_message::{Header, MessageId};
use sealift_transfer::api::{FileRecord, ProblemCode, files};

use crate::support::{Answer, Client, FRAME, Stack, alter, bytes};

pub(crate) const SIZE: usize = 2 * FRAME + 100;

pub(crate) async fn uploaded() -> (Stack, Client, FileRecord, Vec<u8>) {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(SIZE);
    let record = client.upload("a.bin", &plaintext).await;
    (stack, client, record, plaintext)
}

#[tokio::test]
async fn an_empty_file_has_a_length_of_zero_and_no_range() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("empty", b"").await;
    let path = files::content_path(&record.id);
    let whole = client.get(&path).await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, b"".as_slice()));
    assert_eq!(whole.header("content-length"), "0");
    for range in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
        let answer = client.get_with(&path, "range", range).await;
        answer.refused(ProblemCode::RangeNotSatisfiable);
        assert_eq!(answer.header("content-range"), "bytes */0", "{range}");
    }
    // An empty file has one frame, and only that frame proves that the file is empty.
    alter(&stack.object_of(&record), -1);
    client.get(&path).await.refused(ProblemCode::ObjectDamaged);
}

#[tokio::test]
async fn a_file_of_whole_frames_does_not_come_whole_unless_its_empty_final_frame_opens() {
    let stack = Stack::start().await;
    let client = stack.client();
    // The end of the longest file comes in a separate piece.
    for len in [FRAME, 2 * FRAME, 2040 * FRAME] {
        let plaintext = bytes(len);
        let record = client.upload("a.bin", &plaintext).await;
        let path = files::content_path(&record.id);
        // Places in the final frame: mark, sequence number, IV, content length, tag.
        for offset in [-40, -33, -32, -17, -16, -1] {
            alter(&stack.object_of(&record), offset);
            for range in [None, Some("bytes=0-")] {
                let mut request = client.request(Method::GET, &path);
                if let Some(range) = range {
                    request = request.header("range", range);
                }
                // The read is refused, or breaks off before the promised length.
                let answer = request.send().await.unwrap();
                let is_whole = answer.status().is_success() && answer.bytes().await.is_ok();
                assert!(!is_whole, "{len} bytes, altered at {offset}, {range:?}");
            }
            // A smaller range does not need the final frame, so it can still be read.
            let answer = client.get_with(&path, "range", "bytes=-1").await;
            assert_eq!(answer.body, plaintext[len - 1..], "altered at {offset}");
            alter(&stack.object_of(&record), offset);
        }
        assert!(client.get(&path).await.body == plaintext);
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let (_stack, client, record, _) = uploaded().await;
    for address in ["", "?inline=1"] {
        let path = format!("{}{address}", files::content_path(&record.id));
        let mut get = Answer::to(client.request(Method::GET, &path)).await;
        let mut head = Answer::to(client.request(Method::HEAD, &path)).await;
        assert_eq!(head.body, b"");
        assert_eq!(head.status, get.status);
        for changing in ["date", "x-request-id"] {
            get.headers.remove(changing);
            head.headers.remove(changing);
        }
        assert_eq!(head.headers, get.headers);
    }
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

/// Expects the headers that every answer has, whether the file is shown or saved. Neither policy permits a
/// script or a form.
fn expect_never_active(answer: &Answer, is_shown: bool) {
    let policy = match is_shown {
        true => "sandbox allow-same-origin; default-src 'none'; img-src 'self'; media-src 'self'",
        false => "sandbox; default-src 'none'",
    };
    for (name, value) in [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "private, no-store"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn a_file_is_a_download_that_no_browser_runs_or_keeps() {
    let stack = Stack::start().await;
    let client = stack.client();
    let name = "a\"; filename=evil.html; \u{202e}fdp.é";
    let record = client.upload(name, b"<script>alert(1)</script>").await;
    for address in ["", "?inline=1"] {
        let path = format!("{}{address}", files::content_path(&record.id));
        let answer = client.get(&path).await;
        assert_eq!(
            answer.header("content-disposition"),
            "attachment; filename=\"a_; filename=evil.html; _fdp._\"; \
             filename*=UTF-8''a%22%3B%20filename%3Devil.html%3B%20_fdp.%C3%A9"
        );
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        expect_never_active(&answer, false);
    }
}

#[tokio::test]
async fn a_long_name_is_cut_in_the_header_and_keeps_its_ending() {
    let stack = Stack::start().await;
    let client = stack.client();
    for letter in ["a", "ü", "写", "👩\u{200d}👧", "\""] {
        let name = format!("{}.pdf", letter.repeat(4_092 / letter.len()));
        let record = client.upload(&name, b"a").await;
        assert_eq!(record.name, name);
        for address in ["", "?inline=1"] {
            let path = format!("{}{address}", files::content_path(&record.id));
            let answer = client.get(&path).await;
            let header = answer.header("content-disposition");
            assert!(header.len() < 1024, "{letter}: {}", header.len());
            assert!(
                header.ends_with(".pdf") && header.contains(".pdf\"; "),
                "{header}"
            );
        }
    }
}

#[tokio::test]
async fn only_what_its_first_bytes_say_is_shown_and_only_when_asked() {
    let stack = Stack::start().await;
    let client = stack.client();
    let html = b"<!DOCTYPE html><script>alert(1)</script>".as_slice();
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>".as_slice();
    for (name, content, shown_as) in [
        (
            "photo.html",
            b"\x89PNG\r\n\x1a\n and more".as_slice(),
            Some("image/png"),
        ),
        ("sound", b"RIFF\0\0\0\0WAVEfmt ", Some("audio/wav")),
        (
            "camera",
            b"\0\0\0\x1cftypXAVC\x01\0\x1f\xffXAVCmp42iso2",
            Some("video/mp4"),
        ),
        ("camera.mp4", b"\0\0\0\x14ftypXAVC\0\0\0\0XAVC", None),
        ("photo.png", html, None),
        ("photo.jpg", svg, None),
        ("photo.gif", b"%PDF-1.7", None),
        ("photo.webp", b"<?xml version=\"1.0\"?>", None),
        ("photo.bmp", b"", None),
    ] {
        let record = client.upload(name, content).await;
        let path = files::content_path(&record.id);
        let saved = client.get(&path).await;
        assert_eq!(saved.header("content-type"), "application/octet-stream");
        assert!(
            saved
                .header("content-disposition")
                .starts_with("attachment; ")
        );
        for range in ["bytes=0-", "bytes=1-1"] {
            if content.is_empty() {
                continue;
            }
            let asked = format!("{path}?inline=1");
            let shown = client.get_with(&asked, "range", range).await;
            let (kind, disposition) = match shown_as {
                Some(kind) => (kind, "inline; "),
                None => ("application/octet-stream", "attachment; "),
            };
            assert_eq!(shown.header("content-type"), kind, "{name}");
            assert!(
                shown.header("content-disposition").starts_with(disposition),
                "{name}"
            );
            expect_never_active(&shown, shown_as.is_some());
        }
    }
}

#[tokio::test]
async fn the_record_cannot_make_a_file_active() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("a", b"GIF89a").await;
    let change = "UPDATE files SET sniffed_type = CAST(? AS TEXT) WHERE file_id = ?";
    let changed = stack.change(change, b"text/html".to_vec(), record.id.as_str());
    assert_eq!(changed.await.unwrap(), 1);
    let path = format!("{}?inline=1", files::content_path(&record.id));
    let answer = client.get(&path).await;
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert!(
        answer
            .header("content-disposition")
            .starts_with("attachment; ")
    );
}

#[tokio::test]
async fn inline_is_asked_for_in_one_way_only() {
    let (_stack, client, record, _) = uploaded().await;
    for other in [
        "inline",
        "inline=",
        "inline=0",
        "inline=true",
        "inline=1&inline=1",
        "x=1",
    ] {
        let path = format!("{}?{other}", files::content_path(&record.id));
        let answer = client.get(&path).await;
        answer.refused(ProblemCode::InvalidRequest);
    }
}

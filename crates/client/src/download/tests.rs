mod going_on;
mod on_disk;
mod output;
mod ranges;

use super::*;
use crate::raw_server::{answer, listen, play, server};

fn file_id() -> FileId {
    FileId::from_random([1; 16])
}

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789";
const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234567";
const RANGE: &str =
    "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 3-6/10\r\ncontent-length: 4\r\n\r\n3456";

#[tokio::test]
async fn a_whole_file_comes_whole() {
    let download = server(WHOLE)
        .await
        .download(&file_id(), None)
        .await
        .unwrap();
    assert_eq!(download.plaintext_len(), 10);
    assert_eq!(download.read_all().await.unwrap(), b"0123456789");
}

#[tokio::test]
async fn a_download_that_breaks_off_is_an_error_and_not_a_short_file() {
    let download = server(CUT).await.download(&file_id(), None).await.unwrap();
    let error = download.read_all().await.unwrap_err();
    assert!(
        matches!(
            error,
            DownloadError::Cut {
                got_bytes: 8,
                expected_bytes: 10,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_answer_without_a_length_is_refused() {
    let client = server("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n0123").await;
    let error = client.download(&file_id(), None).await.unwrap_err();
    assert!(matches!(error, DownloadError::OtherAnswer), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_neither_the_file_nor_a_part_of_it_is_refused() {
    for status in ["203 Non-Authoritative Information", "226 IM Used"] {
        let client = server(WHOLE.replace("200 OK", status)).await;
        let error = client.download(&file_id(), None).await.unwrap_err();
        assert!(matches!(error, DownloadError::OtherAnswer), "{error:?}");
    }
    // The part has another length than its range.
    let client = server(RANGE.replace("3-6", "3-7")).await;
    let error = client.download(&file_id(), Some(3..8)).await.unwrap_err();
    assert!(matches!(error, DownloadError::OtherAnswer), "{error:?}");
}

#[tokio::test]
async fn a_range_is_what_was_asked_for_or_an_error() {
    let client = server(RANGE).await;
    let download = client.download(&file_id(), Some(3..7)).await.unwrap();
    assert_eq!(download.read_all().await.unwrap(), b"3456");
    for other in [2..7, 3..6, 3..8, 4..7] {
        let error = client.download(&file_id(), Some(other)).await.unwrap_err();
        assert!(matches!(error, DownloadError::OtherAnswer), "{error:?}");
    }
    let whole = server(WHOLE).await.download(&file_id(), Some(3..7)).await;
    assert!(matches!(whole, Err(DownloadError::OtherAnswer)));
    let part = client.download(&file_id(), None).await;
    assert!(matches!(part, Err(DownloadError::OtherAnswer)));
}

#[tokio::test]
async fn a_range_beyond_the_end_gives_what_there_is() {
    let client = server(
        "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 8-9/10\r\ncontent-length: 2\r\n\r\n89",
    )
    .await;
    let download = client.download(&file_id(), Some(8..99)).await.unwrap();
    assert_eq!(download.read_all().await.unwrap(), b"89");
}

#[tokio::test]
#[expect(clippy::reversed_empty_ranges, reason = "that is the point")]
async fn an_empty_range_is_not_asked_for() {
    let client = server(WHOLE).await;
    for empty in [0..0, 5..5, 5..4] {
        let error = client.download(&file_id(), Some(empty)).await.unwrap_err();
        assert!(matches!(error, DownloadError::EmptyRange), "{error:?}");
    }
}

#[tokio::test]
async fn a_file_has_its_name_only_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let error = server(CUT)
        .await
        .download_to(&file_id(), &path)
        .await
        .unwrap_err();
    assert!(matches!(error, DownloadError::Cut { .. }), "{error:?}");
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "something unfinished is left");

    std::fs::write(&path, "old").unwrap();
    let (client, listener) = listen().await;
    // The second answer is for the record.
    play(
        listener,
        vec![WHOLE.to_owned(), answer("403 Forbidden\r\n", "")],
    );
    let len = client.download_to(&file_id(), &path).await.unwrap();
    assert_eq!(len, 10);
    assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

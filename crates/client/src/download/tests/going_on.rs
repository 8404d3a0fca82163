//! Downloads whose connections break.

use std::fs;

use futures::future::join_all;
use sealift_transfer::api::ProblemCode;
use tokio_util::sync::CancellationToken;

use super::{output::*, *};
use crate::raw_server::{answer, listen, play};

#[tokio::test]
async fn wherever_the_connection_breaks_only_the_rest_is_asked_for() {
    let cuts = (0..PLAINTEXT.len()).map(|came| async move {
        let output = Output::new();
        let answers = vec![
            broken("\"m\"", 0..10, came),
            whole("\"m\"", came..10),
            forbidden(),
        ];
        let (saved, asked) = output.save(answers, PASSING, true).await;
        let saved = saved.unwrap();
        assert_eq!((saved.plaintext_len, &*saved.sha256), (10, SHA256));
        assert!(!saved.is_compared);
        output.assert_whole();
        assert_eq!(header(&asked[0], "range"), Some("bytes=0-8388607"));
        let rest = format!("bytes={came}-9");
        assert_eq!(header(&asked[1], "range"), Some(&*rest));
        assert_eq!(header(&asked[1], "if-match"), Some("\"m\""));
    });
    join_all(cuts).await;
}

#[tokio::test]
async fn another_message_is_not_joined_to_what_came() {
    for second in [
        // The first two answers are from proxies that ignore If-Match. The third is the server's.
        whole("\"n\"", 0..10),
        whole("\"n\"", 4..10),
        refused(ProblemCode::PreconditionFailed),
    ] {
        let output = Output::new();
        let answers = vec![broken("\"m\"", 0..10, 4), second];
        let (saved, _) = output.save(answers, KEEPING, true).await;
        assert!(matches!(saved, Err(DownloadError::Replaced)), "{saved:?}");
        assert!(output.names().is_empty());
    }
}

#[tokio::test]
async fn an_answer_that_does_not_go_on_where_it_broke_off_is_not_joined() {
    let longer = "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 4-10/11\r\n\
                  etag: \"m\"\r\ncontent-length: 7\r\n\r\n456789x";
    for second in [
        longer.to_owned(),
        whole("\"m\"", 5..10),
        whole("\"m\"", 3..10),
        whole("\"m\"", 0..10),
    ] {
        let output = Output::new();
        let answers = vec![broken("\"m\"", 0..10, 4), second];
        let (saved, _) = output.save(answers, KEEPING, true).await;
        assert!(
            matches!(saved, Err(DownloadError::OtherAnswer)),
            "{saved:?}"
        );
        // The bytes from before this answer belong to the file, so they are kept.
        let answers = vec![whole("\"m\"", 4..10), forbidden()];
        let (saved, asked) = output.save(answers, KEEPING, true).await;
        saved.unwrap();
        assert_eq!(header(&asked[0], "range"), Some("bytes=4-8388607"));
        output.assert_whole();
    }
}

#[tokio::test]
async fn another_range_than_was_asked_for_is_not_given() {
    for other in [whole("\"m\"", 0..10), whole("\"m\"", 4..9)] {
        let (client, listener) = listen().await;
        play(listener, vec![other]);
        let mut output = Vec::new();
        let (file, cancel) = (file_id(), CancellationToken::new());
        let came = client.download_into(&file, Some(3..9), &mut output, |_| {}, cancel);
        let came = came.await;
        assert!(matches!(came, Err(DownloadError::OtherAnswer)), "{came:?}");
        assert!(output.is_empty());
    }
}

#[tokio::test]
async fn without_a_strong_etag_nothing_is_joined() {
    for etag in ["W/\"m\"", ""] {
        let output = Output::new();
        let (client, listener) = listen().await;
        // The server would also give the rest.
        let answers = vec![broken(etag, 0..10, 4), whole(etag, 4..10)];
        let server = play(listener, answers);
        let (file, cancel) = (file_id(), CancellationToken::new());
        let saved = client.save(&file, &output.path, PASSING, |_| {}, cancel);
        let saved = saved.await;
        server.abort();
        let Err(DownloadError::Cut {
            got_bytes: 4,
            expected_bytes: 10,
            ..
        }) = saved
        else {
            panic!("{saved:?}");
        };
        assert!(output.names().is_empty());
    }
}

#[tokio::test]
async fn a_later_download_goes_on_with_what_an_earlier_one_got() {
    let output = Output::new();
    let (saved, _) = output
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await;
    assert!(matches!(saved, Err(DownloadError::Cancelled)), "{saved:?}");
    assert_eq!(output.names(), [output.part_name()]);

    let answers = vec![whole("\"m\"", 6..10), record(SHA256)];
    let (saved, asked) = output.save(answers, KEEPING, true).await;
    assert!(saved.unwrap().is_compared);
    output.assert_whole();
    assert_eq!(header(&asked[0], "range"), Some("bytes=6-8388607"));
    assert_eq!(header(&asked[0], "if-range"), Some("\"m\""));
}

#[tokio::test]
async fn a_later_download_begins_anew_where_the_file_was_replaced() {
    let output = Output::new();
    output
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let answers = vec![whole("\"n\"", 0..10), record(SHA256)];
    let (saved, asked) = output.save(answers, KEEPING, true).await;
    assert!(saved.unwrap().is_compared);
    output.assert_whole();
    assert_eq!(header(&asked[0], "range"), Some("bytes=6-8388607"));
}

#[tokio::test]
async fn what_is_left_of_another_file_is_not_used() {
    let output = Output::new();
    output
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let state = output.part().join("state.json");
    let other = FileId::from_random([9; 16]);
    let text = fs::read_to_string(&state).unwrap();
    fs::write(&state, text.replace(file_id().as_str(), other.as_str())).unwrap();
    let answers = vec![whole("\"m\"", 0..10), forbidden()];
    let (saved, asked) = output.save(answers, KEEPING, true).await;
    saved.unwrap();
    output.assert_whole();
    assert_eq!(header(&asked[0], "range"), Some("bytes=0-8388607"));
}

#[tokio::test]
async fn what_was_altered_on_disk_between_two_downloads_is_found() {
    let output = Output::new();
    output
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let part = output.part();
    fs::write(part.join("plaintext"), "01x345").unwrap();
    let answers = vec![whole("\"m\"", 6..10), record(SHA256)];
    let (saved, _) = output.save(answers, KEEPING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::Differs { .. })),
        "{saved:?}"
    );
    assert!(output.names().is_empty());
}

#[tokio::test]
async fn what_is_not_the_verified_plaintext_gets_no_name() {
    let output = Output::new();
    let other = SHA256.replace('8', "9");
    let answers = vec![whole("\"m\"", 0..10), record(&other)];
    let (saved, _) = output.save(answers, PASSING, true).await;
    let Err(DownloadError::Differs { got, recorded }) = saved else {
        panic!("{saved:?}");
    };
    assert_eq!((&*got, recorded), (SHA256, other));
    assert!(output.names().is_empty());
}

/// All of the file has arrived and is authentic, so the missing record does not matter.
#[tokio::test]
async fn a_file_stays_where_its_record_cannot_be_asked_for() {
    let output = Output::new();
    // No client waits that long.
    let unavailable = answer("503 No\r\nretry-after: 999\r\n", "");
    let answers = vec![whole("\"m\"", 0..10), unavailable];
    let (saved, _) = output.save(answers, PASSING, true).await;
    assert!(!saved.unwrap().is_compared);
    output.assert_whole();
}

#[tokio::test]
async fn a_damaged_object_is_not_asked_for_again_and_leaves_nothing() {
    for code in [ProblemCode::ObjectDamaged, ProblemCode::ObjectReplaced] {
        let output = Output::new();
        let answers = vec![broken("\"m\"", 0..10, 4), refused(code)];
        let (saved, _) = output.save(answers, KEEPING, true).await;
        let Err(DownloadError::Request(error)) = saved else {
            panic!("{saved:?}");
        };
        assert_eq!(error.problem().unwrap().known_code(), Some(code));
        assert!(output.names().is_empty());
    }
}

#[tokio::test]
async fn a_range_goes_on_within_itself() {
    let (client, listener) = listen().await;
    let answers = vec![broken("\"m\"", 3..9, 2), whole("\"m\"", 5..9)];
    let server = play(listener, answers);
    let mut output = Vec::new();
    let mut reached = DownloadProgress::default();
    let on_progress = |progress| reached = progress;
    let file = file_id();
    let came = client.download_into(
        &file,
        Some(3..9),
        &mut output,
        on_progress,
        CancellationToken::new(),
    );
    assert_eq!(came.await.unwrap().plaintext_len, 6);
    assert_eq!(output, b"345678");
    assert_eq!((reached.got_plaintext_len, reached.plaintext_len), (6, 6));
    let asked = server.await.unwrap();
    assert_eq!(header(&asked[0], "range"), Some("bytes=3-8"));
    assert_eq!(header(&asked[1], "range"), Some("bytes=5-8"));
}

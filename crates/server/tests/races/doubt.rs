//! Answers that may not come from the store. None of them proves that an object is absent or different, so
//! the server deletes nothing, fails no upload and calls no object damaged because of them.

use sealift_transfer::api::{FileRecord, ProblemCode, UploadState, Verification, files};

use crate::{
    gate::{Call, Instead},
    pair::{Deployment, Pair, two_parts},
    support::bytes,
};

const PAGE: &str = "<!DOCTYPE html><html><body><h1>Who are you?</h1></body></html>";

/// Answers that gateways, captive portals and caches give to any request.
const DOUBTFUL: [Instead; 13] = [
    page(200, &[("etag", "\"page\"")]),
    page(200, &[]),
    page(200, &[("etag", "W/\"page\"")]),
    page(206, &[("etag", "\"page\"")]),
    page(
        206,
        &[("etag", "\"page\""), ("content-range", "bytes 0-0/*")],
    ),
    page(301, &[("location", "https://portal.example/")]),
    page(302, &[("location", "https://portal.example/")]),
    page(307, &[("location", "https://portal.example/")]),
    page(404, &[]),
    Instead {
        status: 404,
        headers: &[],
        body: "",
    },
    page(409, &[]),
    page(412, &[]),
    page(416, &[("content-range", "bytes */63")]),
];

const fn page(status: u16, headers: &'static [(&'static str, &'static str)]) -> Instead {
    Instead {
        status,
        headers,
        body: PAGE,
    }
}

/// Returns the plaintext of an upload of two parts, and of an upload by a single PUT.
fn both() -> [Vec<u8>; 2] {
    [two_parts(), bytes(10)]
}

#[tokio::test]
async fn completion_deletes_nothing_for_an_answer_that_need_not_be_the_stores() {
    let pair = Pair::start().await;
    let (one, gate) = (pair.one.client(), &pair.both.gate);
    for plaintext in both() {
        let file = one.open("a", &plaintext).await;
        one.send(&file).await;
        for calls in [
            &[Call::Head][..],
            &[Call::Get],
            &[Call::Head, Call::Get],
            &[Call::ListParts, Call::Head, Call::Get],
        ] {
            for instead in DOUBTFUL {
                for call in calls {
                    gate.answer(*call, instead);
                }
                let refused = one.complete(&file).await;
                let why = format!("{calls:?} {instead:?}: {}", refused.text());
                assert_eq!(refused.status, 503, "{why}");
                let state = pair.both.state(file.id()).await;
                let is_kept = matches!(state, UploadState::Open | UploadState::Completing);
                assert!(is_kept, "{state:?} after {why}");
                gate.open();
            }
        }
        let record: FileRecord = one.complete(&file).await.json(200);
        assert!(one.content(&record.id).await.body == plaintext);
    }
}

#[tokio::test]
async fn a_sweeper_and_a_look_at_an_upload_fail_nothing_for_such_an_answer() {
    let pair = Pair::start().await;
    let (one, gate) = (pair.one.client(), &pair.both.gate);
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    // The store joins the parts and then no longer knows the multipart upload, so only the object shows
    // the outcome.
    for instead in DOUBTFUL {
        for call in [Call::Head, Call::Get] {
            gate.answer(call, instead);
        }
        one.complete(&file).await;
        pair.two.sweep().await;
        one.status(file.id()).await;
        let state = pair.both.state(file.id()).await;
        assert_eq!(state, UploadState::Completing, "{instead:?}");
        gate.open();
    }
    // The second server's clock is ahead, so it takes over at once the completion that its sweep gave up.
    pair.two
        .client()
        .complete(&file)
        .await
        .json::<FileRecord>(200);
}

#[tokio::test]
async fn an_aborted_upload_is_not_said_to_be_gone_for_such_an_answer() {
    let pair = Pair::start().await;
    let (one, gate) = (pair.one.client(), &pair.both.gate);
    for plaintext in both() {
        let file = one.open("a", &plaintext).await;
        one.send(&file).await;
        for instead in DOUBTFUL.into_iter().filter(|instead| instead.status > 299) {
            for call in [Call::AbortMultipart, Call::Head, Call::Get, Call::Delete] {
                gate.answer(call, instead);
            }
            let refused = one.abort(file.id()).await;
            assert_eq!(refused.status, 503, "{instead:?}");
            gate.open();
        }
        assert_eq!(one.abort(file.id()).await.status, 204);
        pair.both.expect_nothing_stored(file.id()).await;
    }
}

#[tokio::test]
async fn a_file_is_not_called_damaged_for_such_an_answer() {
    let both = Deployment::new().await;
    let server = both.serve(true).await;
    let client = server.client();
    let file = client.upload("a", &two_parts()).await;
    server.verify().await;
    for instead in DOUBTFUL {
        both.gate.answer(Call::Head, instead);
        both.gate.answer(Call::Get, instead);
        let refused = client.content(&file.id).await;
        refused.refused(ProblemCode::StoreUnavailable);
        both.change("UPDATE files SET verification_due_at_ms = 0")
            .await;
        assert_eq!(server.verify().await, 1);
        let record: FileRecord = client.get(&files::path(&file.id)).await.json(200);
        let is_failed = matches!(record.verification, Verification::Failed { .. });
        assert!(!is_failed, "{instead:?}");
        both.gate.open();
    }
    assert!(client.content(&file.id).await.body == two_parts());
}

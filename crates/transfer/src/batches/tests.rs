use serde_json::json;

use super::*;
use crate::api::{Sha256, SignParts, UploadId, batch::FinishUpload, batch::SignUpload};

fn upload_id(number: u8) -> UploadId {
    UploadId::from_random([number; 16])
}

fn sign(number: u8) -> Ask {
    Ask::Sign(SignUpload {
        upload_id: upload_id(number),
        parts: SignParts(Vec::new()),
    })
}

fn complete(number: u8) -> Ask {
    Ask::Complete(FinishUpload {
        upload_id: upload_id(number),
        parts_sha256: Sha256::of(b"parts"),
    })
}

/// Returns the waiters of the next request to sign.
fn next(batches: &mut Batches<u8>) -> Option<Vec<u8>> {
    let items = batches.next(Kind::Sign, |_| true)?;
    Some(items.into_iter().map(|(_, waiter)| waiter).collect())
}

fn with(waiters: impl IntoIterator<Item = u8>) -> Batches<u8> {
    let mut batches = Batches::default();
    for waiter in waiters {
        batches.add(sign(waiter), waiter);
    }
    batches
}

#[test]
fn a_request_goes_at_once_and_later_ones_go_together_when_one_is_answered() {
    let mut batches = with([1]);
    assert_eq!(next(&mut batches), Some(vec![1]));
    assert_eq!(next(&mut batches), None);
    batches.add(sign(2), 2);
    assert_eq!(next(&mut batches), Some(vec![2]));
    for waiter in 3..=5 {
        batches.add(sign(waiter), waiter);
        assert_eq!(next(&mut batches), None);
    }
    // Requests of another kind do not wait for these.
    batches.add(complete(6), 6);
    assert!(batches.next(Kind::Complete, |_| true).is_some());
    batches.ended(Kind::Sign);
    assert_eq!(next(&mut batches), Some(vec![3, 4, 5]));
    assert_eq!(next(&mut batches), None);
}

#[test]
fn a_batch_has_at_most_a_hundred_items() {
    let mut batches = with(0..120);
    assert_eq!(next(&mut batches).unwrap().len(), MOST_ITEMS);
    assert_eq!(next(&mut batches), Some((100..120).collect()));
}

#[test]
fn an_item_that_nobody_wants_any_more_leaves_the_others() {
    let mut batches = with(1..=3);
    let items = batches.next(Kind::Sign, |waiter| *waiter != 2).unwrap();
    assert_eq!(items, [(sign(1), 1), (sign(3), 3)]);
    batches.ended(Kind::Sign);
    batches.add(sign(4), 4);
    assert!(batches.next(Kind::Sign, |_| false).is_none());
}

#[test]
fn after_a_batch_was_refused_as_such_each_item_goes_alone() {
    let mut batches = with(1..=9);
    let items = batches.next(Kind::Sign, |_| true).unwrap();
    batches.ended(Kind::Sign);
    batches.add(sign(10), 10);
    batches.go_alone(Kind::Sign, items);
    for waiter in 1..=6 {
        assert_eq!(next(&mut batches), Some(vec![waiter]));
    }
    assert_eq!(next(&mut batches), None);
    batches.ended(Kind::Sign);
    assert_eq!(next(&mut batches), Some(vec![7]));
}

#[test]
fn a_refused_login_or_a_busy_server_says_nothing_about_batches() {
    for status in [401, 403, 408, 429, 500, 503] {
        assert!(!refuses_batches(status), "{status}");
    }
    // A server of an earlier version does not know the route.
    assert!(refuses_batches(404));
}

#[test]
fn one_item_goes_to_its_single_route_and_several_go_to_that_of_batches() {
    let one = [complete(1)];
    let (path, body) = request(Kind::Complete, one.iter().collect());
    let parts_sha256 = Sha256::of(b"parts").to_string();
    assert_eq!(path, format!("/v1/uploads/{}/complete", upload_id(1)));
    let alone = json!({ "parts_sha256": parts_sha256 });
    assert_eq!(serde_json::to_value(body).unwrap(), alone);

    let both = [complete(1), complete(2)];
    let (path, body) = request(Kind::Complete, both.iter().collect());
    let item = |number| json!({ "upload_id": upload_id(number), "parts_sha256": parts_sha256 });
    assert_eq!(path, "/v1/uploads:complete");
    let uploads = json!({ "uploads": [item(1), item(2)] });
    assert_eq!(serde_json::to_value(body).unwrap(), uploads);

    let one = [sign(1)];
    let (path, body) = request(Kind::Sign, one.iter().collect());
    assert_eq!(path, format!("/v1/uploads/{}/parts", upload_id(1)));
    assert_eq!(serde_json::to_value(body).unwrap(), json!([]));
}

#[test]
fn a_refusal_is_that_of_its_item_only() {
    let signed = json!({ "parts": [], "expires_at_ms": 7 });
    let answer = json!({ "results": [
        { "status": 200, "answer": signed },
        { "status": 429, "retry_after_s": 3 },
    ] });
    let answer = answer.to_string();
    let read = results(Kind::Sign, 2, answer.as_bytes()).unwrap();
    let [Ok(Answered::Signed(_)), Err(refused)] = &read[..] else {
        panic!("{read:?}");
    };
    assert_eq!((refused.status, refused.retry_after_ms), (429, Some(3_000)));
    // Results that belong to no item could be taken for those of another.
    assert!(results(Kind::Sign, 3, answer.as_bytes()).is_err());

    let alone = results(Kind::Sign, 1, signed.to_string().as_bytes()).unwrap();
    assert!(matches!(&alone[..], [Ok(Answered::Signed(_))]));
}

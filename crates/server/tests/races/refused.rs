//! Refusals of the store that will not pass by themselves. The client gets the store's own code, and the
//! upload goes on once an operator has repaired the store.

use sealift_transfer::api::{FileRecord, ProblemCode, UploadState, files, open};

use crate::{
    gate::{Call, Instead, Side},
    pair::{Deployment, Pair, two_parts},
    support::{Answer, bytes, sealing::request},
};

macro_rules! refusals {
    ($($status:literal $code:literal,)*) => {
        &[$(($code, Instead {
            status: $status,
            headers: &[],
            body: concat!("<Error><Code>", $code, "</Code><Message>https://store/?X-Amz-Signature=1</Message></Error>"),
        }),)*]
    };
}

const LASTING: &[(&str, Instead)] = refusals! {
    400 "InvalidPart",
    400 "EntityTooSmall",
    400 "InvalidRequest",
    400 "KMS.DisabledException",
    403 "AccessDenied",
    403 "InvalidAccessKeyId",
    403 "SignatureDoesNotMatch",
    404 "NoSuchBucket",
    405 "MethodNotAllowed",
    501 "NotImplemented",
};

/// Expects that the client gets the store's code and what to check, and nothing else of the store's answer.
#[track_caller]
fn reports(answer: &Answer, code: &str) {
    let problem = answer.refused(ProblemCode::RefusedByStore);
    assert_eq!(problem.numbers["store_code"], code);
    assert!(problem.detail.contains(code), "{}", problem.detail);
    assert!(problem.detail.contains("must check"), "{}", problem.detail);
    assert_eq!(answer.header("retry-after"), "");
    assert!(!answer.text().contains("Signature="), "{}", answer.text());
}

#[tokio::test]
async fn a_completion_that_the_store_refuses_for_good_reports_it_and_can_go_on_later() {
    let both = Deployment::new().await;
    let server = both.serve(true).await;
    let client = server.client();
    let plaintext = two_parts();
    let file = client.open("a", &plaintext).await;
    client.send(&file).await;
    for call in [Call::ListParts, Call::CompleteMultipart] {
        for (code, instead) in LASTING {
            both.gate.answer(call, *instead);
            reports(&client.complete(&file).await, code);
            assert_eq!(both.state(file.id()).await, UploadState::Open, "{code}");
            both.gate.open();
        }
    }
    // The server cannot find out whether the object is there, and the client gets the reason.
    both.gate.answer(Call::CompleteMultipart, LASTING[0].1);
    both.gate.answer(
        Call::Head,
        Instead {
            body: "",
            ..LASTING[4].1
        },
    );
    both.gate.answer(Call::Get, LASTING[4].1);
    reports(&client.complete(&file).await, "AccessDenied");
    assert_eq!(both.state(file.id()).await, UploadState::Completing);
    both.gate.open();
    let record: FileRecord = client.complete(&file).await.json(200);
    assert!(client.content(&record.id).await.body == plaintext);
}

#[tokio::test]
async fn a_refusal_after_the_join_was_done_does_not_hide_the_file() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    one.send(&file).await;
    let mut joined = pair.both.gate.hold(Call::CompleteMultipart, Side::Answer);
    let (completed, ()) = tokio::join!(one.complete(&file), async {
        joined.arrived().await;
        joined.refuse();
    });
    completed.json::<FileRecord>(200);
}

#[tokio::test]
async fn every_other_call_to_the_store_reports_such_a_refusal_too() {
    let both = Deployment::new().await;
    let server = both.serve(true).await;
    let client = server.client();
    let of_many = two_parts();
    let (file, small) = (client.upload("a", &of_many).await, bytes(10));
    let single = client.open("single", &small).await;
    client.send(&single).await;
    let begun = client.open("begun", &of_many).await;
    for (count, (code, instead)) in LASTING.iter().enumerate() {
        for call in [
            Call::CreateMultipart,
            Call::AbortMultipart,
            Call::Head,
            Call::Get,
            Call::Delete,
        ] {
            both.gate.answer(call, *instead);
        }
        let asked = request(&format!("refused-by-the-store-{count}"), "b", of_many.len());
        reports(&client.post(open::PATH, &asked).await, code);
        reports(&client.complete(&single).await, code);
        reports(&client.content(&file.id).await, code);
        reports(&client.abort(begun.id()).await, code);
        both.gate.open();
    }
    let (code, instead) = LASTING[4];
    both.gate.answer(Call::Delete, instead);
    reports(&client.delete(&files::path(&file.id)).await, code);
    both.gate.open();
    client.complete(&single).await.json::<FileRecord>(200);
    assert_eq!(client.abort(begun.id()).await.status, 204);
    assert_eq!(client.delete(&files::path(&file.id)).await.status, 204);
}

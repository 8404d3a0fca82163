#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in a test")]

mod aborting;
mod addresses;
mod pause;
mod resume;
mod waiting;

use super::*;
use crate::{
    api::{
        CompleteUpload, PartReceipt, PartStatus, ProblemCode, Sha256, SignedPart, UploadState,
        open::Method,
    },
    part_plan::{PartNumber, PartPlan},
    retry::RequestFailure,
};

const FAULT: RequestFailure = RequestFailure::Status {
    status: 503,
    retry_after_ms: None,
};
const FORBIDDEN: RequestFailure = RequestFailure::AddressRefused { status: 403 };

fn part(n: u16) -> PartNumber {
    n.try_into().unwrap()
}

fn receipt(n: u16) -> PartReceipt {
    PartReceipt {
        number: part(n),
        sha256: Sha256::of(&n.to_be_bytes()),
    }
}

fn signature(n: u16) -> SignedPart {
    SignedPart {
        number: part(n),
        url: format!("https://s3/{n}"),
        headers: [].into(),
        expires_at_ms: 0,
        expires_in_ms: None,
    }
}

fn id() -> UploadId {
    UploadId::from_random([1; 16])
}

/// Returns a plan of `parts` parts of two frames each.
fn plan(parts: u64) -> PartPlan {
    PartPlan::new(444, 4096, parts * 2 * 4096, 2).unwrap()
}

fn opened(parts: u64) -> Event {
    Event::Opened {
        upload_id: id(),
        plan: plan(parts),
        method: Method::Multipart,
        most_parts_per_request: 10,
        has_key: true,
    }
}

fn sending(parts: u64, most_parts_held: u8) -> (Upload, Vec<Command>) {
    let (mut upload, first) = Upload::start(Settings { most_parts_held });
    assert_eq!(first, [Command::Open]);
    let commands = upload.on(opened(parts));
    (upload, commands)
}

/// Returns the status of an upload in which these parts were signed, each with whether it is stored.
fn found(parts: u64, signed: &[(u16, bool)]) -> Event {
    let status = |(number, stored): &(u16, bool)| PartStatus {
        number: part(*number),
        sha256: receipt(*number).sha256,
        stored: *stored,
    };
    Event::Found(Box::new(FoundUpload {
        upload_id: id(),
        plan: plan(parts),
        method: Method::Multipart,
        most_parts_per_request: 10,
        state: UploadState::Open,
        last_modified_ms: Some(5),
        parts: signed.iter().map(status).collect(),
    }))
}

/// Returns the first wait of a request, without jitter.
fn wait(request: Request) -> Command {
    let until = Until::Elapsed { wait_ms: 0 };
    Command::Wait { request, until }
}

fn stop_and_abort() -> [Command; 2] {
    [Command::Stop, Command::Abort(id())]
}

fn failed(request: Request, failure: RequestFailure) -> Event {
    Event::RequestFailed {
        request,
        failure,
        jitter: 0,
    }
}

#[test]
fn an_upload_goes_its_way_part_by_part() {
    let (mut upload, commands) = sending(2, 1);
    assert_eq!(commands, [Command::Seal(part(1))]);
    assert_eq!(
        upload.on(Event::Sealed(receipt(1))),
        [Command::Sign(vec![receipt(1)])]
    );
    assert_eq!(
        upload.on(Event::Signed(vec![signature(1)])),
        [Command::Put(signature(1))]
    );
    assert_eq!(
        upload.on(Event::Sent(part(1))),
        [Command::Release(part(1)), Command::Seal(part(2))]
    );
    assert_eq!(upload.stored_plaintext_len(), 2 * 4096);
    upload.on(Event::Sealed(receipt(2)));
    upload.on(Event::Signed(vec![signature(2)]));
    let raw = [*receipt(1).sha256.as_bytes(), *receipt(2).sha256.as_bytes()].concat();
    let complete = CompleteUpload {
        parts_sha256: Sha256::of(&raw),
    };
    assert_eq!(
        upload.on(Event::Sent(part(2))),
        [Command::Release(part(2)), Command::Complete(complete)]
    );
    assert_eq!(
        upload.on(Event::Completed),
        [Command::End(Outcome::Complete(id()))]
    );
    assert_eq!(upload.on(Event::Completed), []);
}

#[test]
fn no_more_parts_are_held_than_allowed_and_each_is_sealed_once() {
    let (mut upload, commands) = sending(9, 3);
    let mut commands = std::collections::VecDeque::from(commands);
    let mut sealed = Vec::new();
    let mut held = std::collections::BTreeSet::new();
    while let Some(command) = commands.pop_front() {
        let event = match command {
            Command::Seal(part) => {
                assert!(!sealed.contains(&part), "{part} is sealed twice");
                sealed.push(part);
                held.insert(part);
                assert!(held.len() <= 3);
                Event::Sealed(receipt(part.get()))
            }
            Command::Sign(receipts) => {
                Event::Signed(receipts.iter().map(|r| signature(r.number.get())).collect())
            }
            Command::Put(signed) => Event::Sent(signed.number),
            Command::Release(part) => {
                held.remove(&part);
                continue;
            }
            Command::Complete(_) => Event::Completed,
            Command::End(outcome) => {
                assert_eq!(outcome, Outcome::Complete(id()));
                continue;
            }
            other => panic!("{other:?}"),
        };
        commands.extend(upload.on(event));
    }
    assert_eq!(sealed.len(), 9);
}

#[test]
fn a_failed_put_sends_the_same_part_again_without_sealing_it_again() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    let put = Request::Put(part(1));
    assert_eq!(upload.on(failed(put.clone(), FAULT)), [wait(put.clone())]);
    assert_eq!(upload.on(Event::Waited(put)), [Command::Put(signature(1))]);
}

#[test]
fn a_request_that_keeps_failing_ends_and_leaves_the_upload_open() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    let sign = Request::Sign(vec![part(1)]);
    for _ in 1..8 {
        assert_eq!(upload.on(failed(sign.clone(), FAULT)), [wait(sign.clone())]);
        assert_eq!(
            upload.on(Event::Waited(sign.clone())),
            [Command::Sign(vec![receipt(1)])]
        );
    }
    let ended = Outcome::Failed {
        request: sign.clone(),
        failure: FAULT,
    };
    assert_eq!(upload.on(failed(sign, FAULT)), [Command::End(ended)]);
}

#[test]
fn a_completion_that_the_store_refuses_for_good_is_asked_for_once_and_leaves_the_upload_open() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    upload.on(Event::Sent(part(1)));
    let code = ProblemCode::RefusedByStore;
    let failure = RequestFailure::of_server(code.status(), Some(code), None);
    let request = Request::Complete;
    let ended = Outcome::Failed {
        request: request.clone(),
        failure,
    };
    assert_eq!(upload.on(failed(request, failure)), [Command::End(ended)]);
}

#[test]
fn a_second_ciphertext_for_a_part_ends_the_upload() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    // A second receipt after the command to sign is ignored, so the first receipt stays.
    let other = PartReceipt {
        number: part(1),
        sha256: Sha256::of(b"other"),
    };
    assert_eq!(upload.on(Event::Sealed(other)), []);
    upload.on(Event::Signed(vec![signature(1)]));
    let complete = CompleteUpload {
        parts_sha256: Sha256::of(receipt(1).sha256.as_bytes()),
    };
    assert_eq!(
        upload.on(Event::Sent(part(1))),
        [Command::Release(part(1)), Command::Complete(complete)]
    );
}

#[test]
fn cancelling_aborts_what_the_server_knows() {
    let (mut upload, _) = sending(3, 2);
    assert_eq!(upload.on(Event::Cancelled), stop_and_abort());
    assert_eq!(upload.on(Event::Sealed(receipt(1))), []);
    assert_eq!(
        upload.on(Event::Aborted),
        [Command::End(Outcome::Cancelled)]
    );
}

#[test]
fn cancelling_before_the_server_answers_aborts_what_it_opened_then() {
    let (mut upload, _) = Upload::start(Settings::default());
    assert_eq!(upload.on(Event::Cancelled), []);
    assert_eq!(upload.on(opened(1)), stop_and_abort());
    assert_eq!(
        upload.on(Event::Aborted),
        [Command::End(Outcome::Cancelled)]
    );
}

#[test]
fn cancelling_too_late_leaves_the_answer_to_decide() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    upload.on(Event::Sent(part(1)));
    assert_eq!(upload.on(Event::Cancelled), []);
    assert_eq!(
        upload.on(Event::Completed),
        [Command::End(Outcome::Complete(id()))]
    );
}

#[test]
fn a_source_that_changed_takes_the_upload_back() {
    let (mut upload, _) = sending(3, 2);
    assert_eq!(upload.on(Event::SourceFailed), stop_and_abort());
    // The outcome for the person is the same if the abort fails for good.
    assert_eq!(
        upload.on(failed(Request::Abort, FORBIDDEN)),
        [Command::End(Outcome::SourceFailed)]
    );
}

#[test]
fn a_lost_answer_to_the_open_request_is_made_good_by_asking_for_the_key() {
    let (mut upload, _) = Upload::start(Settings::default());
    assert_eq!(
        upload.on(failed(Request::Open, RequestFailure::Network)),
        [wait(Request::Open)]
    );
    assert_eq!(upload.on(Event::Waited(Request::Open)), [Command::Open]);
    let again = Event::Opened {
        upload_id: id(),
        plan: plan(1),
        method: Method::Multipart,
        most_parts_per_request: 1,
        has_key: false,
    };
    // Parts may have been signed since, so the machine asks for the status first.
    assert_eq!(upload.on(again), [Command::FetchStatus(id())]);
    assert_eq!(upload.on(found(1, &[])), [Command::FetchKey(id())]);
    assert_eq!(upload.on(Event::KeyFetched), [Command::Seal(part(1))]);
}

#[test]
fn a_lost_answer_to_the_completion_is_found_when_the_same_token_opens_again() {
    let (mut upload, _) = Upload::start(Settings::default());
    // The cancel comes too late, because the file exists.
    upload.on(Event::Cancelled);
    let found = upload.on(Event::FoundComplete(id()));
    assert_eq!(found, [Command::End(Outcome::Complete(id()))]);
}

#[test]
fn a_signature_that_was_not_asked_for_is_not_used() {
    let (mut upload, _) = sending(2, 2);
    let commands = upload.on(Event::Signed(vec![signature(2)]));
    assert!(matches!(
        commands.as_slice(),
        [Command::End(Outcome::Broken(_))]
    ));
}

#[test]
fn signing_requests_keep_to_the_servers_batch_size() {
    let (mut upload, _) = Upload::start(Settings { most_parts_held: 3 });
    upload.on(Event::Opened {
        upload_id: id(),
        plan: plan(3),
        method: Method::Multipart,
        most_parts_per_request: 2,
        has_key: true,
    });
    assert_eq!(
        upload.on(Event::Sealed(receipt(2))),
        [Command::Sign(vec![receipt(2)])]
    );
    let sign = Request::Sign(vec![part(2)]);
    upload.on(failed(sign.clone(), FAULT));
    upload.on(Event::Sealed(receipt(1)));
    let again = upload.on(Event::Waited(sign));
    assert_eq!(again, [Command::Sign(vec![receipt(2)])]);
}

#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in a test")]

mod ended;
mod opening;

use super::*;
use crate::{
    address::Moment,
    api::{
        FileId, OpenedUpload, PartReceipt, PartStatus, Sha256, SignedPart, UploadState,
        UploadStatus, Verification,
        open::{ContentKeyText, Method},
    },
    part_plan::{PartNumber, PartPlan},
    retry::RequestFailure,
    upload::Until,
};

/// A side whose sealed bytes, sealers, permits and errors are words.
enum Words {}

impl Side for Words {
    type Sealed = &'static str;
    type Sealer = &'static str;
    type Permit = &'static str;
    type Error = &'static str;
    type Fault = &'static str;
}

type Effects = Vec<Effect<Words>>;

const HEADER: &[u8] = b"header";

fn part(n: u16) -> PartNumber {
    n.try_into().unwrap()
}

fn receipt(n: u16) -> PartReceipt {
    PartReceipt {
        number: part(n),
        sha256: Sha256::of(&n.to_be_bytes()),
    }
}

fn id() -> UploadId {
    UploadId::from_random([1; 16])
}

/// Returns a plan of `parts` parts of two frames each.
fn plan(parts: u64) -> PartPlan {
    PartPlan::new(444, 4096, size(parts), 2).unwrap()
}

fn size(parts: u64) -> u64 {
    parts * 2 * 4096
}

fn opened(parts: u64, has_key: bool) -> OpenedUpload {
    OpenedUpload {
        upload_id: id(),
        file_id: FileId::from_random([2; 16]),
        method: Method::Multipart,
        header: HEADER.to_vec(),
        plan: plan(parts),
        expires_at_ms: 0,
        most_parts_per_request: 10,
        content_key: has_key.then(|| ContentKeyText::from_bytes(&[7; 32])),
        file: None,
        signed_parts: None,
    }
}

fn status(parts: u64, signed: &[u16]) -> UploadStatus {
    let signed = signed.iter().map(|n| PartStatus {
        number: part(*n),
        sha256: receipt(*n).sha256,
        stored: false,
    });
    UploadStatus {
        upload_id: id(),
        file_id: FileId::from_random([2; 16]),
        state: UploadState::Open,
        method: Method::Multipart,
        name: "a".into(),
        last_modified_ms: Some(5),
        header: HEADER.to_vec(),
        plan: plan(parts),
        expires_at_ms: 0,
        most_parts_per_request: 10,
        parts: signed.collect(),
        file: None,
        unreadable: Vec::new(),
    }
}

fn record() -> Box<FileRecord> {
    Box::new(FileRecord {
        id: FileId::from_random([2; 16]),
        upload_id: id(),
        name: "a".into(),
        content_type: None,
        size: 29,
        sealed_size: 1000,
        metadata: None,
        reference: None,
        uploaded_at_ms: 0,
        verification: Verification::Pending,
        bucket: "b".into(),
        object_key: "o".into(),
        etag: "e".into(),
        version: None,
        encrypted_data_key: Vec::new(),
        encryption_context: [].into(),
        unreadable: Vec::new(),
    })
}

fn signed(n: u16) -> Done<Words> {
    let part = SignedPart {
        number: part(n),
        url: format!("https://s3/{n}"),
        headers: [].into(),
        expires_at_ms: 0,
        expires_in_ms: Some(900_000),
    };
    Done::Signed {
        parts: vec![part],
        asked_at: Moment::default(),
    }
}

fn failed(request: Request, status: u16, error: &'static str) -> Done<Words> {
    Done::Failed {
        request,
        failure: RequestFailure::Status {
            status,
            retry_after_ms: None,
        },
        jitter: 0,
        error,
    }
}

fn gave_up(fault: &'static str, leaves: bool) -> Done<Words> {
    Done::GaveUp { fault, leaves }
}

fn settings(most_parts_held: u8) -> Settings {
    Settings { most_parts_held }
}

/// Returns a new upload whose key was imported, with its next effects.
fn sending(parts: u64, most_parts_held: u8) -> (Driver<Words>, Effects) {
    let (mut driver, effects) = Driver::start(settings(most_parts_held), size(parts));
    assert_eq!(said(&effects), ["open"]);
    let effects = driver.on(Done::Opened(Box::new(opened(parts, true))));
    assert_eq!(said(&effects), ["import a new key"]);
    let effects = driver.on(Done::KeyImported("sealer"));
    (driver, effects)
}

fn resumed(parts: u64, last_modified_ms: i64) -> (Driver<Words>, Effects) {
    let resume = Resume {
        upload_id: id(),
        size: size(parts),
        last_modified_ms: Some(last_modified_ms),
    };
    Driver::resume(settings(2), resume)
}

/// Seals and signs a part. Returns the effects that follow.
fn sealed_and_signed(driver: &mut Driver<Words>, n: u16, bytes: &'static str) -> Effects {
    driver.on(Done::Sealed(receipt(n), bytes));
    driver.on(signed(n))
}

/// Says each effect in words.
fn said(effects: &[Effect<Words>]) -> Vec<String> {
    let said = effects.iter().map(|effect| match effect {
        Effect::Open => "open".into(),
        Effect::FetchStatus(_) => "fetch status".into(),
        Effect::FetchKey(_) => "fetch key".into(),
        Effect::ImportKey { is_new: true, .. } => "import a new key".into(),
        Effect::ImportKey { is_new: false, .. } => "import a key".into(),
        Effect::Compare { sealer, part } => format!("compare {} by {sealer}", part.number),
        Effect::AskUnchecked => "ask".into(),
        Effect::Seal { sealer, part } => format!("seal {} by {sealer}", part.number),
        Effect::Sign { receipts, .. } => {
            let parts = receipts.iter().map(|receipt| receipt.number.to_string());
            format!("sign {}", parts.collect::<Vec<_>>().join(" "))
        }
        Effect::Put {
            address, sealed, ..
        } => match (address.life, address.kept_permit) {
            (None, _) => format!("put {sealed} to nowhere"),
            (Some(_), None) => format!("put {sealed}"),
            (Some(_), Some(permit)) => format!("put {sealed} with {permit}"),
        },
        Effect::Complete { .. } => "complete".into(),
        Effect::Abort(_) => "abort".into(),
        Effect::Wait { until, .. } => match until {
            Until::Elapsed { .. } => "wait".into(),
            Until::Online => "wait for the network".into(),
            Until::Credential => "wait for a credential".into(),
        },
        Effect::Stop => "stop".into(),
        Effect::End(ended) => match ended {
            Ended::Complete {
                record, is_unseen, ..
            } => {
                let record = if record.is_some() {
                    "record"
                } else {
                    "no record"
                };
                let unseen = if *is_unseen { ", unseen" } else { "" };
                format!("complete with {record}{unseen}")
            }
            Ended::Cancelled => "cancelled".into(),
            Ended::Left => "left".into(),
            Ended::GaveUp { fault, is_aborted } => match is_aborted {
                true => format!("aborted for {fault}"),
                false => format!("left for {fault}"),
            },
            Ended::Failed(error) => format!("failed by {error}"),
            Ended::NotAborted(error) => format!("not aborted by {error}"),
            Ended::Changed { part } => format!("changed {part:?}"),
            Ended::Gone(state) => format!("gone {}", state.as_str()),
            Ended::Broken(why) => format!("broken: {why}"),
        },
    });
    said.collect()
}

#[test]
fn a_part_is_kept_until_its_put_succeeded_and_every_attempt_gets_the_same_bytes() {
    let (mut driver, effects) = sending(2, 1);
    assert_eq!(said(&effects), ["seal 1 by sealer"]);
    assert_eq!(
        said(&sealed_and_signed(&mut driver, 1, "bytes 1")),
        ["put bytes 1"]
    );
    for _ in 0..3 {
        let put = Request::Put(part(1));
        let effects = driver.on(failed(put.clone(), 503, "busy"));
        assert_eq!(said(&effects), ["wait"]);
        assert_eq!(said(&driver.on(Done::Waited(put))), ["put bytes 1"]);
    }
    assert_eq!(driver.held.len(), 1);
    let effects = driver.on(Done::Sent(part(1)));
    assert_eq!(said(&effects), ["seal 2 by sealer"]);
    assert!(driver.held.is_empty());
    assert_eq!(driver.upload().stored_plaintext_len(), size(1));
    sealed_and_signed(&mut driver, 2, "bytes 2");
    assert_eq!(said(&driver.on(Done::Sent(part(2)))), ["complete"]);
    let effects = driver.on(Done::Completed(record()));
    assert_eq!(said(&effects), ["complete with record"]);
}

#[test]
fn an_address_that_ended_keeps_its_permit_for_the_next_put_of_the_part() {
    let (mut driver, _) = sending(1, 1);
    sealed_and_signed(&mut driver, 1, "bytes");
    let effects = driver.on(Done::AddressEnded(part(1), "permit"));
    assert_eq!(said(&effects), ["sign 1"]);
    let effects = driver.on(signed(1));
    assert_eq!(said(&effects), ["put bytes with permit"]);
    // The permit is used once.
    driver.on(Done::AddressEnded(part(1), "permit"));
    let sign = Request::Sign(vec![part(1)]);
    let effects = driver.on(failed(sign.clone(), 503, "busy"));
    assert_eq!(said(&effects), ["wait"]);
    // A signature that waits gives the permit back to others.
    assert_eq!(said(&driver.on(Done::Waited(sign))), ["sign 1"]);
    assert_eq!(said(&driver.on(signed(1))), ["put bytes"]);
}

#[test]
fn a_pause_drops_what_is_held_and_continues_with_the_same_sealer() {
    let (mut driver, _) = sending(2, 1);
    sealed_and_signed(&mut driver, 1, "bytes");
    assert!(!driver.is_paused());
    assert_eq!(said(&driver.control(Control::Pause)), ["stop"]);
    assert!(driver.is_paused() && driver.held.is_empty());
    assert_eq!(said(&driver.control(Control::Pause)), [""; 0]);
    let effects = driver.control(Control::Continue);
    assert_eq!(said(&effects), ["seal 1 by sealer"]);
    assert!(!driver.is_paused());
    assert_eq!(said(&driver.control(Control::Continue)), [""; 0]);
    assert_eq!(
        said(&sealed_and_signed(&mut driver, 1, "again")),
        ["put again"]
    );
}

#[test]
fn cancel_aborts_and_leave_ends_at_once() {
    let (mut driver, _) = sending(2, 1);
    sealed_and_signed(&mut driver, 1, "bytes");
    let effects = driver.control(Control::Cancel);
    assert_eq!(said(&effects), ["stop", "abort"]);
    assert!(driver.held.is_empty());
    assert_eq!(said(&driver.control(Control::Pause)), [""; 0]);
    assert_eq!(said(&driver.on(Done::Aborted)), ["cancelled"]);

    let (mut driver, _) = sending(2, 1);
    driver.control(Control::Pause);
    assert_eq!(said(&driver.control(Control::Cancel)), ["stop", "abort"]);

    let (mut driver, _) = sending(2, 1);
    sealed_and_signed(&mut driver, 1, "bytes");
    let effects = driver.control(Control::Leave);
    assert_eq!(said(&effects), ["stop", "left"]);
    assert_eq!(said(&driver.control(Control::Cancel)), [""; 0]);
}

#[test]
fn a_wait_for_a_credential_knows_the_error_of_its_request() {
    let (mut driver, _) = sending(1, 1);
    driver.on(Done::Sealed(receipt(1), "bytes"));
    let sign = Request::Sign(vec![part(1)]);
    assert_eq!(driver.error_of(&sign), None);
    let effects = driver.on(failed(sign.clone(), 401, "no key"));
    assert_eq!(said(&effects), ["wait for a credential"]);
    assert_eq!(driver.error_of(&sign), Some(&"no key"));
    assert_eq!(driver.error_of(&Request::Complete), None);
    let effects = driver.on(Done::RefusedCredential(sign));
    assert_eq!(said(&effects), ["failed by no key"]);
}

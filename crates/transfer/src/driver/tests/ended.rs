//! How an upload ended, with what the driver kept about it.

use super::*;

fn complete(has_file: bool) -> Done<Words> {
    Done::Found(Box::new(UploadStatus {
        state: UploadState::Complete,
        file: has_file.then(record),
        ..status(1, &[1])
    }))
}

/// Returns a driver that asked for the completion.
fn completing() -> Driver<Words> {
    let (mut driver, _) = sending(1, 1);
    sealed_and_signed(&mut driver, 1, "bytes");
    assert_eq!(said(&driver.on(Done::Sent(part(1)))), ["complete"]);
    driver
}

#[test]
fn the_failure_that_ended_an_upload_is_named_though_a_look_at_it_failed_too() {
    let mut driver = completing();
    let effects = driver.on(failed(Request::Complete, 409, "conflict"));
    assert_eq!(said(&effects), ["stop", "fetch status"]);
    let effects = driver.on(failed(Request::FetchStatus, 404, "absent"));
    assert_eq!(said(&effects), ["failed by conflict"]);
}

#[test]
fn the_last_error_of_a_kind_of_request_counts() {
    let mut driver = completing();
    let effects = driver.on(failed(Request::Complete, 503, "busy"));
    assert_eq!(said(&effects), ["wait"]);
    driver.on(Done::Waited(Request::Complete));
    let effects = driver.on(failed(Request::Complete, 400, "refused"));
    assert_eq!(said(&effects), ["failed by refused"]);
}

#[test]
fn a_cancelled_upload_whose_abort_is_refused_is_not_aborted() {
    let (mut driver, _) = sending(1, 1);
    driver.control(Control::Cancel);
    let effects = driver.on(failed(Request::Abort, 403, "forbidden"));
    assert_eq!(said(&effects), ["not aborted by forbidden"]);
}

#[test]
fn a_source_that_fails_is_the_reason_whether_the_upload_is_aborted_or_left() {
    let (mut driver, _) = sending(1, 1);
    assert_eq!(
        said(&driver.on(gave_up("changed", false))),
        ["stop", "abort"]
    );
    // The abort failed, too, and the upload expires. The person has to deal with the source.
    let effects = driver.on(failed(Request::Abort, 403, "forbidden"));
    assert_eq!(said(&effects), ["aborted for changed"]);

    let (mut driver, _) = sending(1, 1);
    let effects = driver.on(gave_up("unreadable", true));
    assert_eq!(said(&effects), ["stop", "left for unreadable"]);
}

#[test]
fn an_upload_that_somebody_else_completed_is_unseen_only_at_the_first_look() {
    let (mut driver, _) = resumed(1, 5);
    let effects = driver.on(complete(true));
    assert_eq!(said(&effects), ["complete with record, unseen"]);

    let mut driver = completing();
    driver.on(failed(Request::Complete, 409, "conflict"));
    let effects = driver.on(complete(true));
    assert_eq!(said(&effects), ["complete with record"]);

    // The file was deleted since.
    let (mut driver, _) = resumed(1, 5);
    let effects = driver.on(complete(false));
    assert_eq!(said(&effects), ["complete with no record, unseen"]);
}

#[test]
fn a_token_that_names_a_complete_upload_gives_its_record() {
    let (mut driver, _) = Driver::<Words>::start(settings(1), size(1));
    let effects = driver.on(Done::Opened(Box::new(OpenedUpload {
        file: Some(record()),
        ..opened(1, false)
    })));
    assert_eq!(said(&effects), ["complete with record, unseen"]);
}

#[test]
fn another_file_and_an_upload_that_is_gone_are_named() {
    let (mut driver, _) = resumed(2, 5);
    let effects = driver.on(Done::Found(Box::new(status(1, &[]))));
    assert_eq!(said(&effects), ["changed None"]);

    let (mut driver, _) = resumed(1, 5);
    let effects = driver.on(failed(Request::FetchStatus, 410, "gone"));
    assert_eq!(said(&effects), ["gone aborted"]);
}

#[test]
fn a_signature_for_a_part_that_is_not_held_ends_the_upload_as_broken() {
    let (mut driver, _) = sending(2, 1);
    let effects = driver.on(signed(2));
    let [Effect::End(Ended::Broken(_))] = effects.as_slice() else {
        panic!("{:?}", said(&effects));
    };
}

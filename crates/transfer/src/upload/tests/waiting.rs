//! Networks and credentials that are missing for a while, and uploads that are gone for good.

use super::*;

const UNAUTHENTICATED: RequestFailure = status(401);

const fn status(status: u16) -> RequestFailure {
    RequestFailure::Status {
        status,
        retry_after_ms: None,
    }
}

/// Returns an upload whose only part is being sent to the store.
fn putting(method: Method) -> Upload {
    let (mut upload, _) = Upload::start(Settings { most_parts_held: 1 });
    let Event::Opened {
        upload_id,
        plan,
        most_parts_per_request,
        has_key,
        ..
    } = opened(1)
    else {
        unreachable!()
    };
    upload.on(Event::Opened {
        upload_id,
        plan,
        method,
        most_parts_per_request,
        has_key,
    });
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    upload
}

#[test]
fn a_machine_without_a_network_waits_for_it_as_long_as_it_takes() {
    let mut upload = putting(Method::Multipart);
    let put = Request::Put(part(1));
    for _ in 0..100 {
        let wait = Command::Wait {
            request: put.clone(),
            until: Until::Online,
        };
        assert_eq!(
            upload.on(failed(put.clone(), RequestFailure::Offline)),
            [wait]
        );
        assert_eq!(
            upload.on(Event::Waited(put.clone())),
            [Command::Put(signature(1))]
        );
    }
}

#[test]
fn a_credential_that_ran_out_holds_up_what_needs_it_and_nothing_else() {
    let (mut upload, _) = sending(2, 2);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    upload.on(Event::Sealed(receipt(2)));
    let sign = Request::Sign(vec![part(2)]);
    for _ in 0..3 {
        let wait = Command::Wait {
            request: sign.clone(),
            until: Until::Credential,
        };
        assert_eq!(upload.on(failed(sign.clone(), UNAUTHENTICATED)), [wait]);
        assert_eq!(
            upload.on(Event::Waited(sign.clone())),
            [Command::Sign(vec![receipt(2)])]
        );
    }
    assert_eq!(upload.on(Event::Sent(part(1))), [Command::Release(part(1))]);
}

#[test]
fn credentials_that_are_refused_one_after_the_other_end_the_upload_resumable() {
    let (mut upload, _) = sending(2, 2);
    for number in [1, 2] {
        // Each success starts the count again.
        upload.on(Event::Sealed(receipt(number)));
        let sign = Request::Sign(vec![part(number)]);
        for _ in 0..3 {
            upload.on(failed(sign.clone(), UNAUTHENTICATED));
            upload.on(Event::Waited(sign.clone()));
        }
        if number == 1 {
            upload.on(Event::Signed(vec![signature(1)]));
            continue;
        }
        let ended = Outcome::Failed {
            request: sign.clone(),
            failure: UNAUTHENTICATED,
        };
        assert_eq!(
            upload.on(failed(sign, UNAUTHENTICATED)),
            [Command::End(ended)]
        );
    }
}

#[test]
fn where_no_credential_is_to_be_had_the_upload_stays_resumable() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    let request = Request::Sign(vec![part(1)]);
    upload.on(failed(request.clone(), UNAUTHENTICATED));
    let ended = Outcome::Failed {
        request: request.clone(),
        failure: UNAUTHENTICATED,
    };
    assert_eq!(
        upload.on(Event::RefusedCredential(request)),
        [Command::End(ended)]
    );
}

#[test]
fn a_single_put_that_meets_its_own_object_was_sent() {
    let put = Request::Put(part(1));
    let mut upload = putting(Method::Single);
    let commands = upload.on(failed(put.clone(), status(412)));
    assert!(
        matches!(
            commands.as_slice(),
            [Command::Release(_), Command::Complete(_)]
        ),
        "{commands:?}"
    );
    let mut upload = putting(Method::Multipart);
    let commands = upload.on(failed(put, status(412)));
    assert!(
        matches!(commands.as_slice(), [Command::End(Outcome::Failed { .. })]),
        "{commands:?}"
    );
}

/// Returns an upload that has sent all parts and waits for its completion.
fn completing() -> Upload {
    let mut upload = putting(Method::Multipart);
    let commands = upload.on(Event::Sent(part(1)));
    assert!(matches!(
        commands.as_slice(),
        [Command::Release(_), Command::Complete(_)]
    ));
    upload
}

#[test]
fn a_completion_that_another_request_makes_is_waited_for_but_not_for_ever() {
    let mut upload = completing();
    let being_made = RequestFailure::Completing {
        retry_after_ms: Some(9_000),
    };
    let mut answers = 0;
    while let [Command::Wait { until, .. }] =
        upload.on(failed(Request::Complete, being_made)).as_slice()
    {
        assert_eq!(*until, Until::Elapsed { wait_ms: 9_000 });
        answers += 1;
        let again = upload.on(Event::Waited(Request::Complete));
        assert!(matches!(again.as_slice(), [Command::Complete(_)]));
        // Failures in between have a count of their own.
        if answers < 8 {
            upload.on(failed(Request::Complete, FAULT));
            upload.on(Event::Waited(Request::Complete));
        }
    }
    assert_eq!(answers, 400);
}

#[test]
fn an_upload_that_ran_out_is_gone() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    assert_eq!(
        upload.on(failed(Request::Sign(vec![part(1)]), status(410))),
        [Command::End(Outcome::Gone(UploadState::Aborted))]
    );
}

#[test]
fn a_refusal_that_an_open_upload_does_not_get_is_looked_into() {
    let conflict = status(409);
    let request = Request::Sign(vec![part(1)]);
    let look = [Command::Stop, Command::FetchStatus(id())];
    let looking = || {
        let (mut upload, _) = sending(1, 1);
        upload.on(Event::Sealed(receipt(1)));
        assert_eq!(upload.on(failed(request.clone(), conflict)), look);
        upload
    };
    let mut upload = looking();
    let Event::Found(mut gone) = found(1, &[]) else {
        unreachable!()
    };
    gone.state = UploadState::Aborted;
    assert_eq!(
        upload.on(Event::Found(gone)),
        [Command::End(Outcome::Gone(UploadState::Aborted))]
    );
    let mut upload = looking();
    assert_eq!(
        upload.on(Event::FoundComplete(id())),
        [Command::End(Outcome::Complete(id()))]
    );
    // The upload is open, so the refusal stands.
    for event in [found(1, &[]), failed(Request::FetchStatus, status(404))] {
        let mut upload = looking();
        let ended = Outcome::Failed {
            request: request.clone(),
            failure: conflict,
        };
        assert_eq!(upload.on(event), [Command::End(ended)]);
    }
}

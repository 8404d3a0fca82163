//! Uploads that the person cancels, and servers that do not abort them at once.

use super::*;

const fn status(status: u16) -> RequestFailure {
    RequestFailure::Status {
        status,
        retry_after_ms: None,
    }
}

fn found_in(state: UploadState) -> Event {
    let Event::Found(mut found) = found(1, &[(1, true)]) else {
        unreachable!()
    };
    found.state = state;
    Event::Found(found)
}

/// Returns a cancelled upload whose abort the server refused because it is too late.
fn refused() -> Upload {
    let (mut upload, _) = sending(1, 1);
    assert_eq!(upload.on(Event::Cancelled), stop_and_abort());
    assert_eq!(
        upload.on(failed(Request::Abort, status(409))),
        [Command::FetchStatus(id())]
    );
    upload
}

#[test]
fn what_cannot_be_aborted_because_it_is_complete_is_told_as_complete() {
    let complete = [Command::End(Outcome::Complete(id()))];
    assert_eq!(refused().on(Event::FoundComplete(id())), complete);
    assert_eq!(refused().on(found_in(UploadState::Complete)), complete);
    for state in [UploadState::Aborted, UploadState::Failed] {
        let cancelled = [Command::End(Outcome::Cancelled)];
        assert_eq!(refused().on(found_in(state)), cancelled);
    }
}

#[test]
fn what_is_being_completed_is_aborted_if_that_fails_and_not_waited_for_without_end() {
    let mut upload = refused();
    let mut waits = 0;
    while let [Command::Wait { request, .. }] =
        upload.on(found_in(UploadState::Completing)).as_slice()
    {
        assert_eq!(*request, Request::Abort);
        waits += 1;
        let again = upload.on(Event::Waited(Request::Abort));
        assert_eq!(again, [Command::Abort(id())]);
        upload.on(failed(Request::Abort, status(409)));
    }
    assert_eq!(waits, 400);
    let mut upload = refused();
    upload.on(found_in(UploadState::Completing));
    upload.on(Event::Waited(Request::Abort));
    let cancelled = [Command::End(Outcome::Cancelled)];
    assert_eq!(upload.on(Event::Aborted), cancelled);
}

#[test]
fn an_abort_that_the_server_never_heard_of_is_not_told_as_cancelled() {
    let not_aborted = |failure| {
        let request = Request::Abort;
        [Command::End(Outcome::NotAborted { request, failure })]
    };
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Cancelled);
    let failure = RequestFailure::Network;
    for _ in 1..8 {
        upload.on(failed(Request::Abort, failure));
        upload.on(Event::Waited(Request::Abort));
    }
    assert_eq!(
        upload.on(failed(Request::Abort, failure)),
        not_aborted(failure)
    );
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Cancelled);
    upload.on(failed(Request::Abort, status(401)));
    assert_eq!(
        upload.on(Event::RefusedCredential(Request::Abort)),
        not_aborted(status(401))
    );
}

#[test]
fn what_the_server_no_longer_knows_is_aborted() {
    for gone in [404, 410] {
        let (mut upload, _) = sending(1, 1);
        upload.on(Event::Cancelled);
        assert_eq!(
            upload.on(failed(Request::Abort, status(gone))),
            [Command::End(Outcome::Cancelled)]
        );
    }
}

#[test]
fn who_leaves_while_it_is_aborted_does_not_know_whether_it_is() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Cancelled);
    let left = [Command::Stop, Command::End(Outcome::Left)];
    assert_eq!(upload.on(Event::Left), left);
}

/// Returns an upload that has sent all parts and waits for its completion.
fn completing() -> Upload {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    upload.on(Event::Sent(part(1)));
    upload
}

#[test]
fn what_is_cancelled_while_it_completes_is_aborted_where_that_fails() {
    let completing_elsewhere = RequestFailure::Completing {
        retry_after_ms: None,
    };
    for failure in [
        FAULT,
        status(409),
        status(401),
        RequestFailure::Offline,
        completing_elsewhere,
    ] {
        let mut upload = completing();
        assert_eq!(upload.on(Event::Cancelled), []);
        assert_eq!(
            upload.on(failed(Request::Complete, failure)),
            stop_and_abort(),
            "{failure:?}"
        );
    }
}

#[test]
fn what_is_cancelled_while_its_completion_waits_is_aborted_at_once() {
    for failure in [FAULT, status(401), RequestFailure::Offline] {
        let mut upload = completing();
        upload.on(failed(Request::Complete, failure));
        assert_eq!(upload.on(Event::Cancelled), stop_and_abort(), "{failure:?}");
    }
    // The next attempt is running, so its answer decides.
    let mut upload = completing();
    upload.on(failed(Request::Complete, FAULT));
    upload.on(Event::Waited(Request::Complete));
    assert_eq!(upload.on(Event::Cancelled), []);
    assert_eq!(
        upload.on(Event::Completed),
        [Command::End(Outcome::Complete(id()))]
    );
}

#[test]
fn what_a_lost_answer_may_have_opened_is_asked_for_and_aborted() {
    let network = failed(Request::Open, RequestFailure::Network);
    // The upload is cancelled while the next attempt waits, or while the first one runs.
    for is_late in [true, false] {
        let (mut upload, _) = Upload::start(Settings::default());
        if is_late {
            upload.on(network.clone());
        }
        assert_eq!(upload.on(Event::Cancelled), []);
        if !is_late {
            assert_eq!(upload.on(network.clone()), [wait(Request::Open)]);
        }
        assert_eq!(upload.on(Event::Waited(Request::Open)), [Command::Open]);
        assert_eq!(upload.on(opened(1)), stop_and_abort());
    }
}

#[test]
fn what_may_be_open_and_cannot_be_asked_for_is_not_told_as_cancelled() {
    let (mut upload, _) = Upload::start(Settings::default());
    upload.on(Event::Cancelled);
    let failure = RequestFailure::Network;
    for _ in 1..8 {
        upload.on(failed(Request::Open, failure));
        upload.on(Event::Waited(Request::Open));
    }
    let request = Request::Open;
    assert_eq!(
        upload.on(failed(Request::Open, failure)),
        [Command::End(Outcome::NotAborted { request, failure })]
    );
}

#[test]
fn what_the_server_refused_to_open_is_cancelled_at_once() {
    let cancelled = [Command::End(Outcome::Cancelled)];
    for refusal in [status(401), status(422)] {
        let (mut upload, _) = Upload::start(Settings::default());
        upload.on(Event::Cancelled);
        assert_eq!(upload.on(failed(Request::Open, refusal)), cancelled);
    }
    let (mut upload, _) = Upload::start(Settings::default());
    upload.on(failed(Request::Open, status(401)));
    assert_eq!(upload.on(Event::Cancelled), cancelled);
    assert_eq!(upload.on(Event::Waited(Request::Open)), []);
}

//! Presigned URLs that end: the same bytes are sent to a fresh address.

use super::*;

/// Returns another address for the same bytes.
fn fresh_signature(n: u16) -> SignedPart {
    SignedPart {
        url: format!("https://s3/{n}/fresh"),
        ..signature(n)
    }
}

#[test]
fn a_refused_address_is_renewed_once_for_the_same_bytes_by_whatever_status_it_is_refused() {
    for status in [400, 401, 403] {
        let refused = RequestFailure::AddressRefused { status };
        let (mut upload, _) = sending(1, 1);
        upload.on(Event::Sealed(receipt(1)));
        upload.on(Event::Signed(vec![signature(1)]));
        let put = Request::Put(part(1));
        assert_eq!(
            upload.on(failed(put.clone(), refused)),
            [Command::Sign(vec![receipt(1)])]
        );
        let fresh = fresh_signature(1);
        assert_eq!(
            upload.on(Event::Signed(vec![fresh.clone()])),
            [Command::Put(fresh)]
        );
        assert_eq!(
            upload.on(failed(put.clone(), refused)),
            [Command::End(Outcome::Failed {
                request: put,
                failure: refused
            })]
        );
    }
}

#[test]
fn a_put_without_an_answer_gets_a_fresh_signature_and_sends_the_same_bytes() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    let put = Request::Put(part(1));
    // There are eight attempts in all, and no two of them use the same address.
    for _ in 1..8 {
        let commands = upload.on(failed(put.clone(), RequestFailure::Network));
        assert_eq!(commands, [wait(put.clone())]);
        let commands = upload.on(Event::Waited(put.clone()));
        assert_eq!(commands, [Command::Sign(vec![receipt(1)])]);
        let fresh = fresh_signature(1);
        let commands = upload.on(Event::Signed(vec![fresh.clone()]));
        assert_eq!(commands, [Command::Put(fresh)]);
    }
    let ended = Outcome::Failed {
        request: put.clone(),
        failure: RequestFailure::Network,
    };
    let commands = upload.on(failed(put, RequestFailure::Network));
    assert_eq!(commands, [Command::End(ended)]);
}

#[test]
fn an_address_that_ended_before_its_put_began_is_renewed_and_counts_as_no_attempt() {
    let (mut upload, _) = sending(2, 2);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    for _ in 0..20 {
        let commands = upload.on(Event::AddressEnded(part(1)));
        assert_eq!(commands, [Command::Sign(vec![receipt(1)])]);
        let fresh = fresh_signature(1);
        let commands = upload.on(Event::Signed(vec![fresh.clone()]));
        assert_eq!(commands, [Command::Put(fresh)]);
    }
    // A late report of the driver changes nothing.
    upload.on(Event::Sent(part(1)));
    assert_eq!(upload.on(Event::AddressEnded(part(1))), []);
    assert_eq!(upload.on(Event::AddressEnded(part(2))), []);
}

#[test]
fn a_signature_that_ran_out_during_an_outage_is_renewed_each_time() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    let put = Request::Put(part(1));
    for _ in 1..8 {
        upload.on(failed(put.clone(), FAULT));
        upload.on(Event::Waited(put.clone()));
        assert_eq!(
            upload.on(failed(put.clone(), FORBIDDEN)),
            [Command::Sign(vec![receipt(1)])]
        );
        upload.on(Event::Signed(vec![signature(1)]));
    }
    // The attempts count over all signatures.
    let commands = upload.on(failed(put, FAULT));
    assert!(
        matches!(commands.as_slice(), [Command::End(Outcome::Failed { .. })]),
        "{commands:?}"
    );
}

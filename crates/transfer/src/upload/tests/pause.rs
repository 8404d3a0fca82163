//! Uploads that are paused or left.

use super::*;

#[test]
fn a_pause_drops_what_is_held_and_goes_on_with_what_is_not_stored() {
    let (mut upload, _) = sending(3, 2);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    upload.on(Event::Sealed(receipt(2)));
    upload.on(Event::Signed(vec![signature(2)]));
    upload.on(Event::Sent(part(2)));
    assert_eq!(upload.on(Event::Paused), [Command::Stop]);
    assert_eq!(upload.stored_plaintext_len(), 2 * 4096);
    assert_eq!(upload.on(Event::Paused), []);
    assert_eq!(
        upload.on(Event::Continued),
        [Command::Seal(part(1)), Command::Seal(part(3))]
    );
    assert_eq!(upload.on(Event::Continued), []);
    assert_eq!(
        upload.on(Event::Sealed(receipt(1))),
        [Command::Sign(vec![receipt(1)])]
    );
}

#[test]
fn a_file_that_changed_during_the_pause_is_found_where_a_part_was_sealed() {
    let (mut upload, _) = sending(3, 2);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Paused);
    upload.on(Event::Continued);
    let other = PartReceipt {
        number: part(1),
        sha256: Sha256::of(b"other"),
    };
    let changed = Outcome::Changed {
        part: Some(part(1)),
    };
    assert_eq!(upload.on(Event::Sealed(other)), [Command::End(changed)]);
}

#[test]
fn a_pause_while_it_opens_opens_again_by_the_same_token() {
    let (mut upload, _) = Upload::start(Settings::default());
    assert_eq!(upload.on(Event::Paused), [Command::Stop]);
    assert_eq!(upload.on(Event::Continued), [Command::Open]);
}

#[test]
fn cancelling_in_a_pause_aborts_also_what_may_have_been_opened() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Paused);
    assert_eq!(upload.on(Event::Cancelled), stop_and_abort());
    let (mut upload, _) = Upload::start(Settings::default());
    upload.on(Event::Paused);
    assert_eq!(upload.on(Event::Cancelled), [Command::Open]);
    assert_eq!(upload.on(opened(1)), stop_and_abort());
}

#[test]
fn a_pause_while_it_completes_or_is_aborted_changes_nothing() {
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Sealed(receipt(1)));
    upload.on(Event::Signed(vec![signature(1)]));
    upload.on(Event::Sent(part(1)));
    assert_eq!(upload.on(Event::Paused), []);
    assert_eq!(
        upload.on(Event::Completed),
        [Command::End(Outcome::Complete(id()))]
    );
    let (mut upload, _) = sending(1, 1);
    upload.on(Event::Cancelled);
    assert_eq!(upload.on(Event::Paused), []);
    assert_eq!(
        upload.on(Event::Aborted),
        [Command::End(Outcome::Cancelled)]
    );
}

#[test]
fn what_is_left_ends_at_once_and_stays_on_the_server() {
    let left = [Command::Stop, Command::End(Outcome::Left)];
    let (mut upload, _) = sending(2, 1);
    assert_eq!(upload.on(Event::Left), left);
    assert_eq!(upload.on(Event::Left), []);
    let (mut upload, _) = sending(2, 1);
    upload.on(Event::Paused);
    assert_eq!(upload.on(Event::Left), left);
}

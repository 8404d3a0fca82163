//! Uploads that were begun earlier.

use super::*;

fn resume(last_modified_ms: Option<i64>, parts: u64) -> (Upload, Vec<Command>) {
    let resume = Resume {
        upload_id: id(),
        size: plan(parts).plaintext_len(),
        last_modified_ms,
    };
    Upload::resume(Settings { most_parts_held: 2 }, resume)
}

/// Resumes an upload until it has its key. Returns it with the commands that follow.
fn keyed(
    last_modified_ms: Option<i64>,
    parts: u64,
    signed: &[(u16, bool)],
) -> (Upload, Vec<Command>) {
    let (mut upload, first) = resume(last_modified_ms, parts);
    assert_eq!(first, [Command::FetchStatus(id())]);
    assert_eq!(upload.on(found(parts, signed)), [Command::FetchKey(id())]);
    let commands = upload.on(Event::KeyFetched);
    (upload, commands)
}

fn found_in(state: UploadState, signed: &[(u16, bool)]) -> Event {
    let Event::Found(mut found) = found(2, signed) else {
        unreachable!()
    };
    found.state = state;
    Event::Found(found)
}

#[test]
fn every_signed_part_is_compared_before_another_is_sealed() {
    let signed = [(1, true), (2, false), (4, true)];
    let (mut upload, commands) = keyed(Some(5), 5, &signed);
    assert_eq!(
        commands,
        [Command::Compare(part(1)), Command::Compare(part(2))]
    );
    assert_eq!(upload.to_compare_plaintext_len(), 6 * 4096);
    assert_eq!(
        upload.on(Event::Compared(receipt(2))),
        [Command::Compare(part(4))]
    );
    assert_eq!(upload.on(Event::Compared(receipt(4))), []);
    assert_eq!(upload.compared_plaintext_len(), 4 * 4096);
    assert_eq!(upload.stored_plaintext_len(), 0);
    // The store does not have the second part.
    assert_eq!(
        upload.on(Event::Compared(receipt(1))),
        [Command::Seal(part(2)), Command::Seal(part(3))]
    );
    assert_eq!(upload.stored_plaintext_len(), 4 * 4096);
}

#[test]
fn a_signed_part_that_differs_ends_the_resume_and_names_the_part() {
    let (mut upload, _) = keyed(Some(5), 5, &[(1, true), (2, false)]);
    let other = PartReceipt {
        number: part(2),
        sha256: Sha256::of(b"other"),
    };
    let changed = Outcome::Changed {
        part: Some(part(2)),
    };
    assert_eq!(upload.on(Event::Compared(other)), [Command::End(changed)]);
    assert_eq!(upload.on(Event::Compared(receipt(1))), []);
}

#[test]
fn a_file_of_another_size_ends_the_resume_before_its_key_is_asked_for() {
    let (mut upload, _) = resume(Some(5), 4);
    let changed = Outcome::Changed { part: None };
    assert_eq!(upload.on(found(5, &[])), [Command::End(changed)]);
}

#[test]
fn where_the_file_was_modified_the_person_decides_about_the_unsigned_rest() {
    let (mut upload, _) = keyed(Some(6), 3, &[(1, true)]);
    assert_eq!(
        upload.on(Event::Compared(receipt(1))),
        [Command::AskUnchecked]
    );
    assert_eq!(
        upload.on(Event::Confirmed),
        [Command::Seal(part(2)), Command::Seal(part(3))]
    );
    let (mut upload, _) = keyed(None, 3, &[(1, true)]);
    upload.on(Event::Compared(receipt(1)));
    let left = [Command::Stop, Command::End(Outcome::Left)];
    assert_eq!(upload.on(Event::Left), left);
}

#[test]
fn where_all_or_nothing_was_signed_nobody_is_asked() {
    let (mut upload, _) = keyed(Some(6), 1, &[(1, true)]);
    let complete = CompleteUpload {
        parts_sha256: Sha256::of(receipt(1).sha256.as_bytes()),
    };
    assert_eq!(
        upload.on(Event::Compared(receipt(1))),
        [Command::Complete(complete)]
    );
    let (_, commands) = keyed(Some(6), 1, &[]);
    assert_eq!(commands, [Command::Seal(part(1))]);
}

#[test]
fn a_lost_part_that_seals_to_other_bytes_is_a_changed_file() {
    let (mut upload, _) = keyed(Some(5), 1, &[(1, false)]);
    upload.on(Event::Compared(receipt(1)));
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
fn an_upload_that_is_aborted_or_complete_is_told_so() {
    for state in [
        UploadState::Aborting,
        UploadState::Aborted,
        UploadState::Failed,
    ] {
        let (mut upload, _) = resume(Some(5), 2);
        assert_eq!(
            upload.on(found_in(state, &[])),
            [Command::End(Outcome::Gone(state))]
        );
    }
    let (mut upload, _) = resume(Some(5), 2);
    assert_eq!(
        upload.on(Event::FoundComplete(id())),
        [Command::End(Outcome::Complete(id()))]
    );
}

#[test]
fn a_completion_that_somebody_asked_for_is_asked_for_again() {
    let (mut upload, _) = resume(Some(6), 2);
    let raw = [*receipt(1).sha256.as_bytes(), *receipt(2).sha256.as_bytes()].concat();
    let complete = CompleteUpload {
        parts_sha256: Sha256::of(&raw),
    };
    assert_eq!(
        upload.on(found_in(UploadState::Completing, &[(1, false), (2, false)])),
        [Command::Complete(complete)]
    );
}

#[test]
fn parts_that_cannot_be_are_not_believed() {
    for signed in [&[(3, true)][..], &[(1, true), (1, false)]] {
        let (mut upload, _) = resume(Some(5), 2);
        let commands = upload.on(found(2, signed));
        assert!(
            matches!(commands.as_slice(), [Command::End(Outcome::Broken(_))]),
            "{commands:?}"
        );
    }
}

#[test]
fn a_cancelled_resume_is_aborted_wherever_it_stands() {
    let (mut upload, _) = resume(Some(5), 2);
    assert_eq!(upload.on(Event::Cancelled), stop_and_abort());
    let (mut upload, _) = keyed(Some(5), 2, &[(1, true)]);
    assert_eq!(upload.on(Event::Cancelled), stop_and_abort());
    let (mut upload, _) = keyed(Some(6), 2, &[(1, true)]);
    upload.on(Event::Compared(receipt(1)));
    assert_eq!(upload.on(Event::Cancelled), stop_and_abort());
}

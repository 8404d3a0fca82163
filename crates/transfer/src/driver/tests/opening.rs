//! The key and the header, from the first answer to the first part.

use sealift_message::ContentKey;

use super::{
    session::{OTHER_HEADER, OTHER_PLAN},
    *,
};

#[test]
fn nothing_is_sealed_before_the_key_was_imported() {
    let (mut driver, _) = Driver::<Words>::start(settings(2), size(2));
    assert!(driver.upload_id().is_none());
    let effects = driver.on(Done::Opened(Box::new(opened(2, true))));
    let [
        Effect::ImportKey {
            header,
            plan: its_plan,
            key,
            is_new: true,
        },
    ] = effects.as_slice()
    else {
        panic!("{:?}", said(&effects));
    };
    assert_eq!((header.as_slice(), *its_plan), (HEADER, plan(2)));
    assert_eq!(key.expose(), &[7; 32]);
    assert_eq!(driver.upload_id(), Some(&id()));
    let effects = driver.on(Done::KeyImported("sealer"));
    assert_eq!(said(&effects), ["seal 1 by sealer", "seal 2 by sealer"]);
}

#[test]
fn a_key_that_does_not_fit_aborts_a_new_upload_or_leaves_it_as_the_side_says() {
    for (leaves, order) in [
        (false, ["stop", "abort"].as_slice()),
        (true, ["stop", "left for another key"].as_slice()),
    ] {
        let (mut driver, _) = Driver::<Words>::start(settings(2), size(2));
        driver.on(Done::Opened(Box::new(opened(2, true))));
        let effects = driver.on(gave_up("another key", leaves));
        assert_eq!(said(&effects), order);
        assert_eq!(driver.upload_id(), Some(&id()));
        if !leaves {
            let effects = driver.on(Done::Aborted);
            assert_eq!(said(&effects), ["aborted for another key"]);
        }
    }
}

#[test]
fn a_plan_for_a_file_of_another_size_aborts_the_upload_and_imports_no_key() {
    for has_key in [true, false] {
        let (mut driver, _) = Driver::<Words>::start(settings(2), size(3));
        let effects = driver.on(Done::Opened(Box::new(opened(2, has_key))));
        assert_eq!(said(&effects), ["stop", "abort"]);
        let effects = driver.on(Done::Aborted);
        assert_eq!(said(&effects), [format!("broken: {OTHER_PLAN}")]);
    }
}

#[test]
fn a_pause_or_a_cancel_while_the_key_is_imported_seals_nothing() {
    let (mut driver, _) = Driver::<Words>::start(settings(1), size(1));
    driver.on(Done::Opened(Box::new(opened(1, true))));
    assert_eq!(said(&driver.control(Control::Pause)), ["stop"]);
    assert_eq!(said(&driver.control(Control::Continue)), ["open"]);
    // The server gives a key only once for a token, so it is fetched.
    let effects = driver.on(Done::Opened(Box::new(opened(1, false))));
    assert_eq!(said(&effects), ["fetch status"]);
    let effects = driver.on(Done::Found(Box::new(status(1, &[]))));
    assert_eq!(said(&effects), ["fetch key"]);
    let effects = driver.on(Done::KeyFetched(ContentKey::from_bytes(&[7; 32])));
    assert_eq!(said(&effects), ["import a key"]);
    let effects = driver.on(Done::KeyImported("sealer"));
    assert_eq!(said(&effects), ["seal 1 by sealer"]);

    let (mut driver, _) = Driver::<Words>::start(settings(1), size(1));
    driver.on(Done::Opened(Box::new(opened(1, true))));
    assert_eq!(said(&driver.control(Control::Cancel)), [""; 0]);
    let effects = driver.on(Done::KeyImported("sealer"));
    assert_eq!(said(&effects), ["stop", "abort"]);
}

#[test]
fn an_upload_opened_before_of_which_nothing_was_signed_needs_its_key_but_no_status() {
    for (signed_parts, asked) in [(Some(0), "fetch key"), (Some(1), "fetch status")] {
        let again = || OpenedUpload {
            signed_parts,
            ..opened(1, false)
        };
        let (mut driver, _) = Driver::<Words>::start(settings(1), size(1));
        let effects = driver.on(Done::Opened(Box::new(again())));
        assert_eq!(said(&effects), [asked]);
        if asked == "fetch key" {
            driver.on(Done::KeyFetched(ContentKey::from_bytes(&[7; 32])));
            let effects = driver.on(Done::KeyImported("sealer"));
            assert_eq!(said(&effects), ["seal 1 by sealer"]);
        }

        // A cancel before the answer aborts it all the same.
        let (mut driver, _) = Driver::<Words>::start(settings(1), size(1));
        driver.control(Control::Cancel);
        let effects = driver.on(Done::Opened(Box::new(again())));
        assert_eq!(said(&effects), ["stop", "abort"]);
    }
}

#[test]
fn a_resumed_upload_imports_its_key_and_compares_before_it_seals() {
    let (mut driver, effects) = resumed(2, 5);
    assert_eq!(said(&effects), ["fetch status"]);
    assert_eq!(driver.upload_id(), Some(&id()));
    driver.on(Done::Found(Box::new(status(2, &[1]))));
    driver.on(Done::KeyFetched(ContentKey::from_bytes(&[7; 32])));
    let effects = driver.on(Done::KeyImported("sealer"));
    assert_eq!(said(&effects), ["compare 1 by sealer"]);
    let effects = driver.on(Done::Compared(receipt(1)));
    assert_eq!(said(&effects), ["seal 1 by sealer", "seal 2 by sealer"]);
}

#[test]
fn a_modified_file_is_asked_about_and_a_no_leaves_the_upload() {
    for (answer, order) in [
        (Done::Confirmed, ["seal 1 by sealer", "seal 2 by sealer"]),
        (gave_up("unchecked", true), ["stop", "left for unchecked"]),
    ] {
        let (mut driver, _) = resumed(2, 6);
        driver.on(Done::Found(Box::new(status(2, &[1]))));
        driver.on(Done::KeyFetched(ContentKey::from_bytes(&[7; 32])));
        driver.on(Done::KeyImported("sealer"));
        assert_eq!(said(&driver.on(Done::Compared(receipt(1)))), ["ask"]);
        assert_eq!(said(&driver.on(answer)), order);
    }
}

#[test]
fn an_upload_has_one_header_and_another_one_ends_it() {
    let other = || UploadStatus {
        header: b"other".to_vec(),
        ..status(2, &[])
    };
    let (mut driver, _) = Driver::<Words>::start(settings(2), size(2));
    driver.on(Done::Opened(Box::new(opened(2, false))));
    let effects = driver.on(Done::Found(Box::new(other())));
    assert_eq!(said(&effects), ["stop", "abort"]);
    let effects = driver.on(Done::Aborted);
    assert_eq!(said(&effects), [format!("broken: {OTHER_HEADER}")]);

    // A resumed upload is left. The first status that it gets sets its header.
    let (mut driver, _) = resumed(2, 5);
    driver.on(Done::Found(Box::new(status(2, &[]))));
    driver.on(Done::KeyFetched(ContentKey::from_bytes(&[7; 32])));
    driver.on(Done::KeyImported("sealer"));
    driver.on(Done::Sealed(receipt(1), "bytes"));
    let sign = Request::Sign(vec![part(1)]);
    let effects = driver.on(failed(sign, 409, "not open"));
    assert_eq!(said(&effects), ["stop", "fetch status"]);
    let effects = driver.on(Done::Found(Box::new(other())));
    assert_eq!(
        said(&effects),
        ["stop".to_owned(), format!("broken: {OTHER_HEADER}")]
    );
}

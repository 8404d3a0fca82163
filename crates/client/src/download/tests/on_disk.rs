//! The folder of a download until the file is whole: closed to others, and separate for each download.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tokio_util::sync::CancellationToken;

use super::{
    super::unfinished::{Unfinished, is_still_at},
    output::*,
    *,
};
use crate::raw_server::{listen, play};

const REPLACING: SaveOptions = SaveOptions {
    resumes: true,
    if_exists: IfExists::Replace,
};

#[tokio::test]
async fn nothing_is_replaced_unless_that_is_wished() {
    let output = Output::new();
    fs::write(&output.path, "old").unwrap();
    let (saved, _) = output.save(Vec::new(), KEEPING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::Exists { .. })),
        "{saved:?}"
    );
    let answers = vec![whole("\"m\"", 0..10), forbidden()];
    output.save(answers, REPLACING, true).await.0.unwrap();
    output.assert_whole();
}

#[tokio::test]
async fn what_is_no_file_is_not_replaced_and_nothing_is_asked_for() {
    let output = Output::new();
    fs::create_dir(&output.path).unwrap();
    let (saved, _) = output.save(Vec::new(), REPLACING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::NotAFile { .. })),
        "{saved:?}"
    );
    assert_eq!(output.names(), ["a"]);
}

/// For example, a scanner gives two files the same name.
#[tokio::test]
async fn files_of_one_name_do_not_disturb_each_other() {
    let output = Output::new();
    left(&output).await;
    let numbered = SaveOptions {
        if_exists: IfExists::Number,
        ..KEEPING
    };
    let answers = vec![whole("\"n\"", 0..10), forbidden()];
    let other = FileId::from_random([9; 16]);
    let (saved, asked) = output.save_of(&other, answers, numbered, true).await;
    assert_eq!(saved.unwrap().path, output.path);
    assert_eq!(header(&asked[0], "range"), Some("bytes=0-8388607"));

    let answers = vec![whole("\"m\"", 6..10), forbidden()];
    let (saved, asked) = output.save_of(&file_id(), answers, numbered, true).await;
    let beside = output.folder.path().join("a (1)");
    assert_eq!(saved.unwrap().path, beside);
    assert_eq!(header(&asked[0], "range"), Some("bytes=6-8388607"));
    assert_eq!(output.names().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_is_not_taken_for_what_was_there_before() {
    let output = Output::new();
    left(&output).await;
    // A weak ETag does not prove that the rest is of the same message.
    let weak = "W/\"n\"";
    let (saved, _) = output
        .save(vec![broken(weak, 0..10, 7)], KEEPING, true)
        .await;
    assert!(matches!(saved, Err(DownloadError::Cut { .. })), "{saved:?}");
    let answers = vec![whole("\"m\"", 0..10), forbidden()];
    let (saved, asked) = output.save(answers, KEEPING, true).await;
    saved.unwrap();
    assert_eq!(header(&asked[0], "range"), Some("bytes=0-8388607"));
    output.assert_whole();
}

/// A power failure leaves the old state or the new one.
#[tokio::test]
async fn the_state_is_never_written_over_in_place() {
    let output = Output::new();
    left(&output).await;
    let state = output.part().join("state.json");
    let before = output.folder.path().join("before");
    fs::hard_link(&state, &before).unwrap();
    let text = fs::read_to_string(&before).unwrap();
    let answers = vec![broken("\"m\"", 6..10, 2)];
    let (saved, _) = output.save(answers, KEEPING, false).await;
    assert!(matches!(saved, Err(DownloadError::Cancelled)), "{saved:?}");
    assert_ne!(fs::read_to_string(&state).unwrap(), text);
    assert_eq!(fs::read_to_string(&before).unwrap(), text);
    assert_eq!(fs::read_dir(output.part()).unwrap().count(), 2);
}

/// The check before the start found no file at the path.
#[tokio::test]
async fn what_comes_to_its_place_meanwhile_is_not_replaced() {
    for options in [KEEPING, PASSING] {
        let output = Output::new();
        let (client, listener) = listen().await;
        play(listener, vec![whole("\"m\"", 0..10), forbidden()]);
        let path = output.path.clone();
        let meanwhile = move |progress: DownloadProgress| {
            assert_eq!(progress.is_kept, options.resumes);
            fs::write(&path, "theirs").unwrap();
        };
        let (file, cancel) = (file_id(), CancellationToken::new());
        let saved = client.save(&file, &output.path, options, meanwhile, cancel);
        let saved = saved.await;
        assert!(
            matches!(saved, Err(DownloadError::Exists { .. })),
            "{saved:?}"
        );
        assert_eq!(fs::read_to_string(&output.path).unwrap(), "theirs");
        if options.resumes {
            // All bytes are on disk, so only the last byte is asked for again.
            fs::remove_file(&output.path).unwrap();
            let answers = vec![whole("\"m\"", 9..10), forbidden()];
            let (saved, asked) = output.save(answers, options, true).await;
            saved.unwrap();
            assert_eq!(header(&asked[0], "range"), Some("bytes=9-8388607"));
            output.assert_whole();
        } else {
            assert_eq!(output.names(), ["a"]);
        }
    }
}

#[tokio::test]
async fn of_a_longer_file_that_was_replaced_no_byte_stays() {
    let output = Output::new();
    left(&output).await;
    let shorter = "HTTP/1.1 200 OK\r\netag: \"n\"\r\ncontent-length: 3\r\n\r\n012";
    let answers = vec![shorter.to_owned(), forbidden()];
    output.save(answers, KEEPING, true).await.0.unwrap();
    assert_eq!(fs::read_to_string(&output.path).unwrap(), "012");
}

#[tokio::test]
async fn what_is_not_on_disk_any_more_is_asked_for_again() {
    let output = Output::new();
    left(&output).await;
    let part = output.part();
    fs::write(part.join("plaintext"), "0123").unwrap();
    let answers = vec![whole("\"m\"", 4..10), forbidden()];
    let (saved, asked) = output.save(answers, KEEPING, true).await;
    saved.unwrap();
    assert_eq!(header(&asked[0], "range"), Some("bytes=4-8388607"));
    output.assert_whole();
}

/// Without the ETag, nothing proves that the rest is of the same message.
#[tokio::test]
async fn what_is_left_without_a_readable_etag_is_not_used() {
    let output = Output::new();
    left(&output).await;
    let state = output.part().join("state.json");
    let text = fs::read_to_string(&state).unwrap();
    let altered = text.replace(r#"\"m\""#, r"\u0001");
    assert_ne!(altered, text);
    fs::write(&state, altered).unwrap();
    let answers = vec![whole("\"n\"", 0..10), forbidden()];
    let (saved, asked) = output.save(answers, KEEPING, true).await;
    saved.unwrap();
    assert_eq!(header(&asked[0], "range"), Some("bytes=0-8388607"));
    output.assert_whole();
}

/// Leaves six bytes of the file, from a download that was cancelled.
async fn left(output: &Output) {
    let answers = vec![broken("\"m\"", 0..10, 6)];
    output.save(answers, KEEPING, false).await.0.unwrap_err();
}

/// Another download waited for the lock on a file that has been moved to its final name meanwhile.
#[test]
fn a_file_that_was_moved_on_is_not_written_to() {
    let output = Output::new();
    fs::write(&output.path, "whole").unwrap();
    let file = fs::File::open(&output.path).unwrap();
    assert!(is_still_at(&file, &output.path));
    fs::rename(&output.path, output.folder.path().join("b")).unwrap();
    assert!(!is_still_at(&file, &output.path));
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_not_kept_is_for_nobody_else_either_while_it_comes() {
    use std::os::unix::fs::PermissionsExt as _;
    let output = Output::new();
    let (client, listener) = listen().await;
    play(listener, vec![whole("\"m\"", 0..10), forbidden()]);
    let mut modes = Vec::new();
    let look = |_| {
        let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for folder in fs::read_dir(output.folder.path()).unwrap() {
            let folder = folder.unwrap().path();
            modes.push((mode(&folder), mode(&folder.join("plaintext"))));
        }
    };
    let (file, cancel) = (file_id(), CancellationToken::new());
    let saved = client.save(&file, &output.path, PASSING, look, cancel);
    saved.await.unwrap();
    assert!(!modes.is_empty());
    assert!(modes.iter().all(|&modes| modes == (0o700, 0o600)));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_it_before_or_after() {
    use std::os::unix::fs::PermissionsExt as _;
    let output = Output::new();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    output
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let part = output.part();
    assert_eq!(mode(part.clone()), 0o700);
    assert_eq!(mode(part.join("plaintext")), 0o600);
    let answers = vec![whole("\"m\"", 6..10), forbidden()];
    output.save(answers, KEEPING, true).await.0.unwrap();
    assert_eq!(mode(output.path), 0o600);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_others_may_read_and_a_link_are_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let output = Output::new();
    let part = output.part();
    let theirs = tempfile::tempdir().unwrap();
    // The folder is as private as ours, so it is refused only because it is a link.
    fs::set_permissions(theirs.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let refused = async || {
        let (saved, _) = output.save(Vec::new(), KEEPING, true).await;
        assert!(
            matches!(saved, Err(DownloadError::NotOurs { .. })),
            "{saved:?}"
        );
        assert_eq!(fs::read_dir(theirs.path()).unwrap().count(), 0);
    };
    symlink(theirs.path(), &part).unwrap();
    refused().await;
    fs::remove_file(&part).unwrap();
    fs::create_dir(&part).unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(0o755)).unwrap();
    refused().await;
}

/// FAT and some network shares give all folders the same permissions.
#[cfg(unix)]
#[test]
fn where_no_folder_can_be_closed_to_others_nothing_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let output = Output::new();
    let open = |folder: &Path| {
        fs::create_dir(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
    };
    let unfinished = Unfinished::kept_in(&output.path, output.part(), open).unwrap();
    assert!(!unfinished.is_kept());
    assert!(!output.part().exists());
    drop(unfinished.finish(IfExists::Refuse).unwrap());
    assert_eq!(output.names(), ["a"]);
}

#[tokio::test]
async fn two_downloads_to_one_place_do_not_mix() {
    let output = Output::new();
    output
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let part = output.part().join("plaintext");
    let other = fs::File::open(&part).unwrap();
    other.lock().unwrap();
    let (saved, _) = output.save(Vec::new(), KEEPING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::Busy { .. })),
        "{saved:?}"
    );
    assert_eq!(fs::read_to_string(part).unwrap(), "012345");
}

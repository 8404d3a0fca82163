//! Where a download lies until it is whole: for nobody else, and apart from every other.

use std::{fs, path::PathBuf};

use super::{place::*, *};

#[tokio::test]
async fn nothing_is_replaced_unless_that_is_wished() {
    let place = Place::new();
    fs::write(&place.path, "old").unwrap();
    let (saved, _) = place.save(Vec::new(), KEEPING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::Exists { .. })),
        "{saved:?}"
    );
    let replacing = SaveOptions {
        replaces: true,
        ..KEEPING
    };
    let answers = vec![whole("\"m\"", 0..10), forbidden()];
    place.save(answers, replacing, true).await.0.unwrap();
    place.assert_whole();
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_it_before_or_after() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    place
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let part = Client::unfinished_path(&place.path);
    assert_eq!(mode(part.clone()), 0o700);
    assert_eq!(mode(part.join("plaintext")), 0o600);
    let answers = vec![whole("\"m\"", 6..10), forbidden()];
    place.save(answers, KEEPING, true).await.0.unwrap();
    assert_eq!(mode(place.path), 0o600);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_others_may_read_and_a_link_are_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let place = Place::new();
    let part = Client::unfinished_path(&place.path);
    let theirs = tempfile::tempdir().unwrap();
    let refused = async || {
        let (saved, _) = place.save(Vec::new(), KEEPING, true).await;
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

#[tokio::test]
async fn two_downloads_to_one_place_do_not_mix() {
    let place = Place::new();
    place
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let part = Client::unfinished_path(&place.path).join("plaintext");
    let other = fs::File::open(&part).unwrap();
    other.lock().unwrap();
    let (saved, _) = place.save(Vec::new(), KEEPING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::Busy { .. })),
        "{saved:?}"
    );
    assert_eq!(fs::read_to_string(part).unwrap(), "012345");
}

use std::{
    fs,
    sync::{Arc, Barrier},
    thread,
};

use super::*;

fn problem(result: Result<KeyFile, KeyFileError>) -> KeyFileProblem {
    result.unwrap_err().problem
}

#[test]
fn a_key_file_is_made_once_and_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/of/sealift.key");
    let first = KeyFile::load_or_make(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len(), 32);
    for again in [KeyFile::load_or_make(&path), KeyFile::load(&path)] {
        assert_eq!(again.unwrap().0, first.0);
    }
    assert_eq!(fs::read(&path).unwrap(), bytes);
    let other = KeyFile::load_or_make(&folder.path().join("other.key")).unwrap();
    assert_ne!(other.0, first.0);
}

#[test]
fn nothing_is_left_beside_the_key_file() {
    let folder = tempfile::tempdir().unwrap();
    KeyFile::load_or_make(&folder.path().join("sealift.key")).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn of_many_makers_at_once_all_get_one_key() {
    const MAKERS: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = folder.path().join(format!("{round}/sealift.key"));
        let start = Arc::new(Barrier::new(MAKERS));
        let makers: Vec<_> = (0..MAKERS)
            .map(|_| {
                let (path, start) = (path.clone(), start.clone());
                thread::spawn(move || {
                    start.wait();
                    KeyFile::load_or_make(&path).unwrap()
                })
            })
            .collect();
        for maker in makers {
            let made = maker.join().unwrap();
            assert_eq!(made.0.as_slice(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_key_file_that_is_missing_is_not_made_by_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealift.key");
    assert!(matches!(
        problem(KeyFile::load(&path)),
        KeyFileProblem::Missing
    ));
    assert!(!path.exists());
}

#[test]
fn a_key_file_of_another_length_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for len in [0, 31, 33, 4096] {
        let path = folder.path().join(len.to_string());
        fs::write(&path, vec![7; len]).unwrap();
        #[cfg(unix)]
        rights(&path, 0o600);
        let refused = problem(KeyFile::load_or_make(&path));
        assert!(matches!(refused, KeyFileProblem::Length), "{refused:?}");
        assert_eq!(fs::read(&path).unwrap(), vec![7; len]);
    }
}

#[test]
fn a_folder_is_no_key_file() {
    let folder = tempfile::tempdir().unwrap();
    let refused = problem(KeyFile::load_or_make(folder.path()));
    assert!(matches!(refused, KeyFileProblem::NotAFile), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_has_rights_on_a_key_file_and_the_folders_made_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/of/sealift.key");
    KeyFile::load_or_make(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&folder.path().join("keys/of")), 0o700);
    assert_eq!(mode(&folder.path().join("keys")), 0o700);
}

#[cfg(unix)]
#[test]
fn a_key_file_on_which_others_have_rights_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealift.key");
    KeyFile::load_or_make(&path).unwrap();
    for others in [0o640, 0o620, 0o604, 0o602, 0o610, 0o644] {
        rights(&path, others);
        let refused = problem(KeyFile::load_or_make(&path));
        assert!(
            matches!(refused, KeyFileProblem::OthersMayRead),
            "{others:o}"
        );
    }
    rights(&path, 0o400);
    KeyFile::load_or_make(&path).unwrap();
}

#[test]
fn an_error_names_the_file_and_what_to_do() {
    let error = KeyFile::load(Path::new("/nowhere/sealift.key")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the key file /nowhere/sealift.key: it is missing; put it back, because nothing else opens \
         what was sealed under it"
    );
}

#[test]
fn a_key_file_is_not_printed() {
    assert_eq!(format!("{:?}", KeyFile(KeyBytes::default())), "KeyFile(..)");
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
fn rights(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

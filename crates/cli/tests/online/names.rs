//! Other people's names on our terminal and in our folder.

use crate::running::{Running, errors, refused};

#[test]
fn a_hostile_name_drives_neither_the_terminal_nor_the_folder() {
    let running = Running::demo();
    let hostile = "../photo\u{202e}gpj.exe";
    let fed = running.fed(&["upload", "-", "--name", hostile], b"a");
    let said = String::from_utf8(fed.stdout.clone()).expect("UTF-8");
    assert!(said.starts_with(r"../photo\u{202e}gpj.exe  "), "{said}");
    let id = said.split("  ").nth(1).expect("an id");

    for args in [&["files", "list"][..], &["files", "show", id]] {
        let said = running.said(args);
        assert!(!said.contains('\u{202e}'), "{said}");
        assert!(said.contains(r"photo\u{202e}gpj.exe"), "{said}");
    }
    let output = running.run(&["download", id]);
    assert!(!errors(&output).contains('\u{202e}'));
    assert_eq!(running.names(), ["photo_gpj.exe"]);
}

#[test]
fn a_name_that_no_file_may_have_is_refused_and_shown_escaped() {
    let running = Running::demo();
    let errors = refused(
        &running.fed(&["upload", "-", "--name", "a\u{1b}[2Jb"], b"a"),
        2,
    );
    assert!(!errors.contains('\u{1b}'), "{errors}");
}

//! Tests other people's file names on our terminal and in our folder.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _};

use crate::running::{Running, errors, given, refused};

#[test]
fn a_hostile_name_drives_neither_the_terminal_nor_the_folder() {
    let running = Running::demo();
    let hostile = "folder/photo\u{202e}gpj.exe";
    let fed = running.fed(&["upload", "-", "--name", hostile], b"a");
    let said = String::from_utf8(fed.stdout.clone()).expect("UTF-8");
    assert!(said.starts_with(r"folder/photo\u{202e}gpj.exe  "), "{said}");
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

#[test]
fn a_name_on_disk_gets_the_same_verdict_as_on_every_other_way_in() {
    let running = Running::demo();
    for (on_disk, kept) in [
        ("p\u{e4}per.txt".as_bytes(), "p\u{e4}per.txt"),
        ("pa\u{308}per.txt".as_bytes(), "pa\u{308}per.txt"),
        (b"a\\b.txt", "a\\b.txt"),
        (b"C:\\Ada\\c.txt", "c.txt"),
        (b"a%0Ab%22.txt", "a%0Ab%22.txt"),
        (b"\"q\"; no. ", "\"q\"; no. "),
        (b"a\xffb", "a\u{fffd}b"),
    ] {
        let name = OsStr::from_bytes(on_disk);
        let path = running.path("").join(name);
        fs::write(&path, b"a").expect("written");
        let upload = |more: &[&str]| {
            let mut upload = running.command(&["upload", "--json"]);
            upload.args(more).arg(name).output().expect("the program")
        };
        let first = upload(&[]);
        let record = String::from_utf8(given(&first)).expect("UTF-8");
        let record: serde_json::Value = serde_json::from_str(&record).expect("a record");
        assert_eq!(record["name"], kept);
        // The file is found again under its stored name.
        let again = upload(&["--skip-existing"]);
        let printed = String::from_utf8(given(&again)).expect("UTF-8");
        assert!(
            printed.contains(record["id"].as_str().expect("an id")),
            "{printed}"
        );
        fs::remove_file(path).expect("removed");
    }
    for (name, kept) in [
        ("../a/b.txt", "b.txt"),
        ("", "unnamed"),
        ("a/b.txt", "a/b.txt"),
    ] {
        let said = running.fed(&["upload", "-", "--json", "--name", name], b"a");
        let record = String::from_utf8(given(&said)).expect("UTF-8");
        assert!(record.contains(&format!("\"name\":\"{kept}\"")), "{record}");
    }
    running.put("line\nbreak", b"a");
    refused(&running.run(&["upload", "line\nbreak"]), 2);
}

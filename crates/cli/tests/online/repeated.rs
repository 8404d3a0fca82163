//! Tests uploads of several files, and a second run of the same command.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::{
    gate::{Gate, Until},
    running::{Running, errors, plaintext, read, refused, said, signal},
    upload::unfinished,
};

const MIB: usize = 1024 * 1024;

fn set_modified(running: &Running, name: &str, modified: SystemTime) {
    let file = File::options().write(true).open(running.path(name));
    file.expect("a file").set_modified(modified).expect("set");
}

fn records(said: &str) -> Vec<Value> {
    let lines = said.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn has(running: &Running, record: &Value, plaintext: &[u8]) -> bool {
    let id = record["id"].as_str().expect("an id");
    running.said(&["download", id, "-o", "back", "--force"]);
    read(&running.path("back")) == plaintext
}

/// Runs an upload that is interrupted after its first part was signed.
fn interrupted(running: &Running, args: &[&str]) {
    let gate = Gate::before(running.port, Until::Asked("/parts", 2));
    let mut command = running.command_at(gate.port, args);
    let child = command.spawn().expect("the program");
    gate.reached();
    signal(&child, "-INT");
    refused(&child.wait_with_output().expect("it ends"), 130);
    assert_eq!(unfinished(running).len(), 1);
}

#[test]
fn what_is_there_already_is_left_out_when_that_is_asked_for() {
    let running = Running::demo();
    for name in ["a", "b", "x/c", "y/c"] {
        running.put(name, name.as_bytes());
    }
    let first = running.json(&["upload", "a"]);
    let output = running.run(&["upload", "a", "b", "--skip-existing", "--json"]);
    let both = records(&said(&output));
    assert_eq!((&both[0]["id"], both.len()), (&first["id"], 2));
    assert!(errors(&output).contains("a: is uploaded already"));
    assert_eq!(
        records(&running.said(&["files", "list", "--json"])).len(),
        2
    );

    let later = SystemTime::now() + Duration::from_secs(3600);
    set_modified(&running, "a", later);
    let changed = running.json(&["upload", "a", "--skip-existing"]);
    assert_ne!(changed["id"], first["id"], "it was modified since");

    running.said(&["upload", "x/c"]);
    let args = ["upload", "y/c", "x/c", "--skip-existing", "--json"];
    let both = records(&running.said(&args));
    assert!(has(&running, &both[0], b"y/c"), "one of two of that name");
    assert!(has(&running, &both[1], b"x/c"), "the other");
}

#[cfg(unix)]
#[test]
fn of_two_files_that_look_the_same_each_is_sent() {
    let running = Running::demo();
    let one = plaintext(24 * MIB);
    let mut other = one.clone();
    other.reverse();
    running.put("one/x", &one);
    running.put("other/x", &other);
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    set_modified(&running, "one/x", modified);
    set_modified(&running, "other/x", modified);
    interrupted(&running, &["upload", "one/x"]);

    // Other files in between, so that the first upload is complete before the second begins.
    for name in ["a", "b", "c"] {
        running.put(name, b"");
    }
    let args = ["upload", "one/x", "a", "b", "c", "other/x", "--json"];
    let records = records(&running.said(&args));
    assert!(has(&running, &records[0], &one));
    assert!(has(&running, &records[4], &other));
    assert!(unfinished(&running).is_empty());
}

#[cfg(unix)]
#[test]
fn an_unfinished_upload_with_other_words_to_it_is_not_gone_on_with() {
    let running = Running::demo();
    running.put("a.pdf", &plaintext(24 * MIB));
    interrupted(&running, &["upload", "a.pdf"]);
    let flags = [
        ["--reference", "case-17"],
        ["--metadata", r#"{"pages":3}"#],
        ["--content-type", "image/png"],
    ];
    for [flag, value] in flags {
        let output = running.run(&["upload", "a.pdf", flag, value, "--json"]);
        let record = &records(&said(&output))[0];
        let field = flag.trim_start_matches('-').replace('-', "_");
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        assert_eq!(record[field], value);
        let errors = errors(&output);
        assert!(errors.contains("started again"), "{errors}");
    }
    let [upload_id] = &*unfinished(&running) else {
        panic!("it is still there");
    };
    let args = ["upload", "a.pdf", "--content-type", "application/pdf"];
    let record = running.json(&args);
    assert_eq!(record["upload_id"], **upload_id, "the same words");
}

#[cfg(unix)]
#[test]
fn many_files_that_are_interrupted_are_told_of_once() {
    let running = Running::demo();
    let names: Vec<String> = (0..30).map(|number| format!("{number}")).collect();
    for name in &names {
        running.put(name, name.as_bytes());
    }
    let gate = Gate::before(running.port, Until::Asked("/parts", 3));
    let args: Vec<&str> = ["upload"]
        .into_iter()
        .chain(names.iter().map(|name| &**name))
        .collect();
    let mut command = running.command_at(gate.port, &args);
    let child = command.spawn().expect("the program");
    gate.reached();
    signal(&child, "-INT");
    let output = child.wait_with_output().expect("it ends");
    let errors = refused(&output, 130);
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains("of 30 files are not uploaded"), "{errors}");
    let done = String::from_utf8_lossy(&output.stdout).lines().count();

    let args = [&args[..], &["--skip-existing"]].concat();
    running.said(&args);
    let listed = running.said(&["files", "list", "--limit", "100", "--json"]);
    assert_eq!(records(&listed).len(), 30, "{done} were there");
}

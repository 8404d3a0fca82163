//! Tests `sealift download`: a file appears only when it is complete, and an interrupted download continues.

use std::{fs, process::Child, thread};

use crate::{
    gate::{Gate, Until},
    running::{Running, errors, given, plaintext, read, refused, said, signal},
};

const MIB: usize = 1024 * 1024;

#[test]
fn a_file_comes_back_under_its_own_name_and_beside_what_is_there() {
    let running = Running::demo();
    let plaintext = plaintext(3 * MIB + 5);
    let id = running.uploaded("a.bin", &plaintext);
    let output = running.run(&["download", &id]);
    assert_eq!(said(&output), "");
    assert!(errors(&output).contains("complete and authentic"));
    assert!(read(&running.path("a.bin")) == plaintext);
    running.said(&["download", &id, "--quiet"]);
    assert_eq!(running.names(), ["a (1).bin", "a.bin"]);
    assert!(read(&running.path("a (1).bin")) == plaintext);

    let printed = running.json(&["download", &id, "-o", "b"]);
    assert_eq!(printed["plaintext_len"], plaintext.len());
    assert_eq!(printed["path"], "b");
    let taken = running.run(&["download", &id, "-o", "b"]);
    assert!(refused(&taken, 1).contains("b already exists"));
    running.put("b", b"old");
    running.said(&["download", &id, "-o", "b", "--force"]);
    assert!(read(&running.path("b")) == plaintext);
    assert_eq!(running.names(), ["a (1).bin", "a.bin", "b"]);
}

#[test]
fn ranges_and_pipes_get_exactly_what_was_asked_for() {
    let running = Running::demo();
    let plaintext = plaintext(MIB);
    let id = running.uploaded("a", &plaintext);
    let ranged = |range: &str| {
        let output = running.run(&["download", &id, "--range", range, "-o", "-"]);
        given(&output)
    };
    let end = plaintext.len();
    for (range, expected) in [
        ("0-0", &plaintext[..1]),
        ("262143-262144", &plaintext[262_143..262_145]),
        ("1000000-", &plaintext[1_000_000..]),
        ("1000000-99999999", &plaintext[1_000_000..]),
        ("-7", &plaintext[end - 7..]),
    ] {
        assert!(ranged(range) == expected, "{range}");
    }
    running.said(&["download", &id, "--range", "5-9", "-o", "part"]);
    assert!(read(&running.path("part")) == plaintext[5..10]);
    let taken = running.run(&["download", &id, "--range", "0-4", "-o", "part"]);
    assert!(refused(&taken, 1).contains("part already exists"));
    assert!(read(&running.path("part")) == plaintext[5..10]);
    running.said(&["download", &id, "--range", "0-4", "-o", "part", "--force"]);
    assert!(read(&running.path("part")) == plaintext[..5]);
    let beyond = running.run(&["download", &id, "--range", "1048576-", "-o", "-"]);
    assert!(refused(&beyond, 2).contains("1048576 bytes"));
    let whole = running.run(&["download", &id, "-o", "-"]);
    assert!(whole.stdout == plaintext);
    assert_eq!(running.names(), ["part"]);
}

#[test]
fn an_empty_file_comes_back_empty() {
    let running = Running::demo();
    let id = running.uploaded("empty", b"");
    running.said(&["download", &id]);
    assert_eq!(read(&running.path("empty")), b"");
    assert_eq!(running.names(), ["empty"]);
}

/// Returns the name of the folder that lies beside `a` until the download is complete.
fn part(id: &str) -> String {
    format!("a.{id}.sealift-part")
}

/// Starts a download of `a` that stands still after `after` bytes.
fn stopped(running: &Running, id: &str, after: usize) -> Child {
    let gate = Gate::before(running.port, Until::Answered(after));
    let mut command = running.command_at(gate.port, &["download", id, "-o", "a"]);
    let child = command.spawn().expect("the program");
    gate.reached();
    child
}

/// Runs the same download to its end, and returns how many bytes came for it.
fn gone_on(running: &Running, id: &str) -> usize {
    let gate = Gate::before(running.port, Until::Never);
    let mut command = running.command_at(gate.port, &["download", id, "-o", "a"]);
    said(&command.output().expect("the program"));
    gate.carried()
}

#[cfg(unix)]
#[test]
fn a_download_that_was_killed_goes_on_where_it_was() {
    let running = Running::demo();
    let plaintext = plaintext(64 * MIB);
    let id = running.uploaded("a", &plaintext);
    let mut child = stopped(&running, &id, 40 * MIB);
    // The program syncs to the disk from time to time. Wait until it has recorded the first 16 MiB as safe.
    let state = running.path(&part(&id)).join("state.json");
    while !is_safe(&fs::read_to_string(&state).unwrap_or_default()) {
        assert!(child.try_wait().expect("a child").is_none(), "it ended");
        thread::yield_now();
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert_eq!(running.names(), [part(&id)]);

    let came = gone_on(&running, &id);
    assert!(came < 50 * MIB, "{came} bytes came again");
    assert!(read(&running.path("a")) == plaintext);
    assert_eq!(running.names(), ["a"]);
}

fn is_safe(state: &str) -> bool {
    let state: serde_json::Value = serde_json::from_str(state).unwrap_or_default();
    state["safe_len"].as_u64() >= Some(16 * 1024 * 1024)
}

#[cfg(unix)]
#[test]
fn a_download_that_was_interrupted_says_how_to_go_on() {
    let running = Running::demo();
    let plaintext = plaintext(8 * MIB);
    let id = running.uploaded("a", &plaintext);
    let mut child = stopped(&running, &id, 6 * MIB);
    let came = running.path(&part(&id)).join("plaintext");
    let kept = || fs::metadata(&came).map_or(0, |part| part.len());
    while kept() == 0 {
        assert!(child.try_wait().expect("a child").is_none(), "it ended");
        thread::yield_now();
    }
    signal(&child, "-INT");
    let ended = child.wait_with_output().expect("it ends");
    let errors = refused(&ended, 130);
    assert!(
        errors.contains("give the same command again to continue"),
        "{errors}"
    );
    assert_eq!(running.names(), [part(&id)]);

    let kept = usize::try_from(kept()).expect("a size");
    let came = gone_on(&running, &id);
    assert!(came < plaintext.len() - kept + 64 * 1024, "{came}, {kept}");
    assert!(read(&running.path("a")) == plaintext);
    assert_eq!(running.names(), ["a"]);
}

#[cfg(unix)]
#[test]
fn without_resume_nothing_stays() {
    let running = Running::demo();
    let id = running.uploaded("a", &plaintext(8 * MIB));
    let gate = Gate::before(running.port, Until::Answered(6 * MIB));
    let mut command = running.command_at(gate.port, &["download", &id, "--no-resume"]);
    let child = command.spawn().expect("the program");
    gate.reached();
    signal(&child, "-TERM");
    let ended = child.wait_with_output().expect("it ends");
    refused(&ended, 130);
    assert!(running.names().is_empty());
}

#[cfg(unix)]
#[test]
fn a_range_that_is_cut_off_was_for_nobody_else_and_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let running = Running::demo();
    let id = running.uploaded("a", &plaintext(8 * MIB));
    let gate = Gate::before(running.port, Until::Answered(6 * MIB));
    let args = ["download", &id, "--range", "1-", "-o", "a"];
    let child = running.command_at(gate.port, &args).spawn();
    let child = child.expect("the program");
    gate.reached();
    let names = running.names();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_ne!(names[0], "a");
    let unnamed = fs::metadata(running.path(&names[0])).expect("it is there");
    assert_eq!(unnamed.permissions().mode() & 0o777, 0o600);
    signal(&child, "-INT");
    refused(&child.wait_with_output().expect("it ends"), 130);
    assert!(running.names().is_empty());
}

#[cfg(unix)]
#[test]
fn what_is_there_and_is_no_file_is_not_replaced_even_if_asked() {
    use std::os::unix::{fs::FileTypeExt as _, net::UnixListener};
    let running = Running::demo();
    let id = running.uploaded("a", b"ten bytes.");
    let _listener = UnixListener::bind(running.path("socket")).expect("bound");
    for range in [&[][..], &["--range", "1-"]] {
        let args = [&["download", &id, "-o", "socket", "--force"], range].concat();
        let said = refused(&running.run(&args), 1);
        assert!(said.contains("is not a regular file"), "{said}");
    }
    let there = fs::metadata(running.path("socket")).expect("it is there");
    assert!(there.file_type().is_socket());
    assert_eq!(running.names(), ["socket"]);
}

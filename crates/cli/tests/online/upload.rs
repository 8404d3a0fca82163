//! Tests `sealift upload` with files, folders and pipes, and that an interrupted upload continues.

use crate::{
    gate::{Gate, Until},
    running::{Running, errors, plaintext, read, refused, said, signal},
};

const MIB: usize = 1024 * 1024;

/// Returns the ids of the uploads that are neither complete nor aborted.
pub(crate) fn unfinished(running: &Running) -> Vec<String> {
    let client = sealift_client::Client::new(&format!("http://127.0.0.1:{}", running.port), None);
    let client = client.expect("a client");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let uploads = runtime.block_on(client.unfinished()).expect("an answer");
    let ids = uploads.iter().map(|upload| upload.upload_id.to_string());
    ids.collect()
}

#[test]
fn each_file_is_said_with_its_id_and_its_place() {
    let running = Running::demo();
    running.put("report.pdf", b"What only the owner may read.");
    running.put("empty", b"");
    let said = running.said(&["upload", "report.pdf", "empty"]);
    let lines: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split("  ").collect())
        .collect();
    let [report, empty] = &*lines else {
        panic!("{said}");
    };
    assert_eq!((report[0], report[3]), ("report.pdf", "29 B"));
    assert_eq!((empty[0], empty[3]), ("empty", "0 B"));
    assert!(
        report[2].starts_with("s3://") && report[2].contains(report[1]),
        "{said}"
    );

    let args = [
        "upload",
        "report.pdf",
        "--name",
        "Bericht.pdf",
        "--reference",
        "case-17",
        "--metadata",
        r#"{"pages":3}"#,
    ];
    let record = running.json(&args);
    assert_eq!(record["name"], "Bericht.pdf");
    assert_eq!(record["reference"], "case-17");
    assert_eq!(record["metadata"]["pages"], 3);
    assert_eq!(record["content_type"], "application/pdf");
}

#[test]
fn a_folder_is_uploaded_only_when_it_is_meant_and_keeps_its_paths() {
    let running = Running::demo();
    running.put("photos/a.jpg", b"a");
    running.put("photos/x/b.jpg", b"b");
    let refused_text = refused(&running.run(&["upload", "photos"]), 2);
    assert!(refused_text.contains("give --recursive"), "{refused_text}");
    let said = running.said(&["upload", "--recursive", "photos/"]);
    let names: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split("  ").next())
        .collect();
    assert_eq!(names, ["photos/a.jpg", "photos/x/b.jpg"]);
}

#[test]
fn one_file_that_cannot_be_read_does_not_hold_up_the_others() {
    let running = Running::demo();
    running.put("a", b"a");
    running.put("c", b"c");
    let output = running.run(&["upload", "a", "b", "c"]);
    let errors = refused(&output, 4);
    assert!(errors.contains("there is no b"), "{errors}");
    assert!(
        errors.contains("1 of 3 files were not uploaded"),
        "{errors}"
    );
    assert!(errors.contains("with --skip-existing"), "{errors}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
}

/// Even root cannot read a folder whose path is too long.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_looked_into_does_not_hold_up_the_others() {
    let running = Running::demo();
    running.put("photos/a", b"a");
    running.put("photos/z", b"z");
    let long = "l\u{7}".repeat(60);
    std::fs::create_dir(running.path("inner")).expect("a folder");
    for _ in 0..40 {
        std::fs::create_dir(running.path("outer")).expect("a folder");
        let inside = running.path("outer").join(&long);
        std::fs::rename(running.path("inner"), inside).expect("moved");
        std::fs::rename(running.path("outer"), running.path("inner")).expect("moved");
    }
    let inside = running.path("photos").join("deep");
    std::fs::rename(running.path("inner"), inside).expect("moved");

    let output = running.run(&["upload", "photos", "--recursive"]);
    let errors = refused(&output, 1);
    assert!(errors.contains("photos/deep/"), "{errors}");
    assert!(!errors.contains('\u{7}'), "{errors:?}");
    assert!(
        errors.contains("1 of 3 files were not uploaded"),
        "{errors}"
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
}

/// The command must fail, because otherwise nobody would learn the file's id.
#[cfg(target_os = "linux")]
#[test]
fn a_record_that_cannot_be_written_to_stdout_is_no_success() {
    let running = Running::demo();
    running.put("a", b"a");
    for args in [&["upload", "a"][..], &["upload", "a", "--json"]] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = running.command(args);
        let output = command.stdout(full.expect("a device")).output();
        let errors = refused(&output.expect("the program"), 1);
        assert!(errors.contains("stdout cannot be written"), "{errors}");
    }
}

#[test]
fn stdin_is_uploaded_with_a_size_and_without_one() {
    let running = Running::demo();
    let plaintext = plaintext(20 * MIB + 3);
    let size = plaintext.len().to_string();
    for args in [
        &["--name", "spooled"][..],
        &["--name", "streamed", "--size", &size],
    ] {
        let args = [&["upload", "-", "--json"], args].concat();
        let record = said(&running.fed(&args, &plaintext));
        let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
        let id = record["id"].as_str().expect("an id");
        running.said(&["download", id, "-o", "back", "--force"]);
        assert!(read(&running.path("back")) == plaintext, "{args:?}");
    }
    let record = said(&running.fed(&["upload", "-", "--name", "empty"], b""));
    assert!(record.ends_with("0 B\n"), "{record}");
}

#[test]
fn a_wrong_size_of_stdin_makes_no_file_and_is_taken_back() {
    let running = Running::demo();
    let plaintext = plaintext(10 * MIB);
    for (size, why) in [
        (10 * MIB - 1, "goes on after 10485759 bytes"),
        (10 * MIB + 1, "ended after 10485760 of 10485761 bytes"),
        (0, "goes on after 0 bytes"),
    ] {
        let size = size.to_string();
        let output = running.fed(&["upload", "-", "--name", "a", "--size", &size], &plaintext);
        let errors = refused(&output, 2);
        assert!(errors.contains(why), "{errors}");
    }
    assert!(unfinished(&running).is_empty());
    assert_eq!(running.said(&["files", "list", "--json"]), "");
    let output = running.fed(&["upload", "-"], b"a");
    assert!(refused(&output, 2).contains("--name"));
}

#[cfg(unix)]
#[test]
fn stdin_that_breaks_makes_no_file_and_is_taken_back() {
    let running = Running::demo();
    // A folder can be opened, but not read.
    let folder = std::fs::File::open(running.path("")).expect("a folder");
    let size = (10 * MIB).to_string();
    let mut command = running.command(&["upload", "-", "--name", "a", "--size", &size]);
    let output = command.stdin(folder).output().expect("the program");
    let errors = refused(&output, 1);
    assert!(!errors.contains("to continue"), "{errors}");
    assert!(unfinished(&running).is_empty());
}

#[cfg(unix)]
#[test]
fn an_upload_that_was_interrupted_goes_on_by_the_same_command() {
    let running = Running::demo();
    let plaintext = plaintext(64 * MIB);
    running.put("a", &plaintext);
    let gate = Gate::before(running.port, Until::Asked("/parts", 3));
    let mut command = running.command_at(gate.port, &["upload", "a"]);
    let child = command.spawn().expect("the program");
    gate.reached();
    signal(&child, "-INT");
    let ended = child.wait_with_output().expect("it ends");
    let errors = refused(&ended, 130);
    assert!(
        errors.contains("give the same command again to continue"),
        "{errors}"
    );

    let [upload_id] = &*unfinished(&running) else {
        panic!("one upload is left");
    };
    let record = running.json(&["upload", "a"]);
    assert_eq!(record["upload_id"], **upload_id);
    assert!(unfinished(&running).is_empty());
    let id = record["id"].as_str().expect("an id");
    running.said(&["download", id, "-o", "back"]);
    assert!(read(&running.path("back")) == plaintext);
}

#[cfg(unix)]
#[test]
fn a_file_that_was_changed_since_is_begun_anew() {
    let running = Running::demo();
    let plaintext = plaintext(24 * MIB);
    running.put("a", &plaintext);
    let before = std::fs::metadata(running.path("a")).expect("a file");
    let gate = Gate::before(running.port, Until::Asked("/parts", 2));
    let mut command = running.command_at(gate.port, &["upload", "a"]);
    let child = command.spawn().expect("the program");
    gate.reached();
    signal(&child, "-INT");
    refused(&child.wait_with_output().expect("it ends"), 130);

    // Change bytes in every part, so that the signed part differs, too. Nothing else shows the change.
    let mut changed = plaintext;
    for byte in changed.iter_mut().step_by(MIB) {
        *byte ^= 1;
    }
    running.put("a", &changed);
    let file = std::fs::File::options().write(true).open(running.path("a"));
    let modified = before.modified().expect("a time");
    file.expect("a file").set_modified(modified).expect("set");
    let output = running.run(&["upload", "a", "--json"]);
    let record: serde_json::Value = serde_json::from_str(&said(&output)).expect("JSON");
    assert!(
        errors(&output).contains("started again"),
        "{}",
        errors(&output)
    );
    let id = record["id"].as_str().expect("an id");
    running.said(&["download", id, "-o", "back"]);
    assert!(read(&running.path("back")) == changed);
}

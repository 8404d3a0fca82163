//! Runs `sealift demo` as a real program: it prints its address, stops cleanly, and names a port that is taken.

#![expect(clippy::expect_used, reason = "a test")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use sha2::{Digest as _, Sha384};

fn demo(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealift"));
    command
        .args(["demo", "--data"])
        .arg(folder.join("demo"))
        .args(more)
        .env_remove("SEALIFT_PAGE_DIR")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Reads stdout until the address comes, and returns its port.
fn port_of(child: &mut Child) -> u16 {
    let stdout = child.stdout.take().expect("piped");
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("UTF-8");
        if let Some((_, rest)) = line.split_once("http://localhost:") {
            let port = rest.split('/').next().expect("a port");
            return port.parse().expect("a number");
        }
    }
    panic!("it ended without saying where it is");
}

#[cfg(unix)]
#[test]
fn the_demo_says_where_it_is_and_stops_in_good_order() {
    let folder = tempfile::tempdir().expect("a folder");
    for signal in ["-TERM", "-INT"] {
        let mut child = demo(folder.path(), &["--port", "0", "--s3-port", "0"])
            .spawn()
            .expect("the program");
        let port = port_of(&mut child);

        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let request =
            format!("GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

        let killed = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(killed.expect("kill").success());
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{signal}: {}: {said}", ended.status);
    }
    // The key is not in the folder of the data that it protects.
    assert!(folder.path().join("demo/data/sealift.sqlite").is_file());
    assert!(folder.path().join("demo/keys/sealift.key").is_file());
}

#[cfg(unix)]
#[test]
fn what_a_demo_stored_opens_with_the_demos_folder_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = demo(folder.path(), &["--port", "0", "--s3-port", "0"])
        .spawn()
        .expect("the program");
    let port = port_of(&mut child);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = format!(
        "PUT /upload/greeting HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 5\r\n\
         Connection: close\r\n\r\nhello"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let stored = answer.lines().find_map(|line| line.strip_prefix("s3://"));
    let stored = folder
        .path()
        .join("demo/data/objects")
        .join(stored.expect("where it is"));
    child.kill().expect("it runs");
    child.wait().expect("it ends");

    let mut decrypt = Command::new(env!("CARGO_BIN_EXE_sealift"));
    decrypt
        .arg("decrypt")
        .arg(stored)
        .args(["-o", "-", "--data"]);
    let opened = decrypt.arg(folder.path().join("demo")).output();
    let opened = opened.expect("the program");
    let said = String::from_utf8_lossy(&opened.stderr);
    assert_eq!(opened.stdout, b"hello", "{said}");
}

#[test]
fn a_taken_port_is_named_with_the_flag_that_changes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    for (flag, other) in [("--port", "--s3-port"), ("--s3-port", "--port")] {
        let ended = demo(folder.path(), &[flag, &port, other, "0"])
            .output()
            .expect("it ends");
        assert_eq!(ended.status.code(), Some(1));
        let said = String::from_utf8(ended.stderr).expect("UTF-8");
        assert!(said.contains(&format!("port {port} is taken")), "{said}");
        assert!(said.contains(&format!("{flag} ")), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_demo_folder_of_another_version_is_refused_with_the_flag_that_begins_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = |more: &[&str]| {
        let ports = ["--port", "0", "--s3-port", "0"];
        demo(folder.path(), &[&ports[..], more].concat())
    };
    let run_once = |more: &[&str]| {
        let mut child = start(more).spawn().expect("the program");
        port_of(&mut child);
        let id = child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status();
        assert!(killed.expect("kill").success());
        child.wait().expect("it ends");
    };
    run_once(&[]);

    // Alter the checksum of the first migration in the database, as if another text of it had been applied.
    let migration = include_bytes!("../../server/migrations/sqlite/0001_records.sql");
    let checksum = Sha384::digest(migration);
    let database = folder.path().join("demo/data/sealift.sqlite");
    let mut bytes = fs::read(&database).expect("a database");
    let mut windows = bytes.windows(checksum.len());
    let place = windows.position(|window| *window == *checksum);
    bytes[place.expect("a checksum")] ^= 1;
    fs::write(&database, bytes).expect("altered");

    let refused = start(&[]).output().expect("it ends");
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).expect("UTF-8");
    assert!(said.contains("another version"), "{said}");
    assert!(said.contains("sealift demo --fresh"), "{said}");

    run_once(&["--fresh"]);
}

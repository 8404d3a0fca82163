//! Tests `sealift files`: list, show, delete and verify.

use std::{fs, path::Path, process::Output};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::running::{Running, plaintext, refused, said};

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

#[test]
fn files_are_listed_searched_shown_and_deleted() {
    let running = Running::demo();
    let first = running.uploaded("Invoice 1.pdf", b"1");
    let second = running.uploaded("invoice 2.pdf", b"22");
    running.uploaded("photo.jpg", b"3");

    let list = running.said(&["files", "list"]);
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.rsplit("  ").next())
        .collect();
    assert_eq!(
        names,
        ["NAME", "photo.jpg", "invoice 2.pdf", "Invoice 1.pdf"]
    );
    let found = running.said(&["files", "list", "--search", "INVOICE", "--json"]);
    assert_eq!(found.lines().count(), 2);
    let newest = running.said(&["files", "list", "--limit", "1"]);
    assert_eq!(newest.lines().count(), 2, "{newest}");

    let shown = running.said(&["files", "show", &second]);
    assert!(
        shown.contains("invoice 2.pdf") && shown.contains("2 B"),
        "{shown}"
    );
    assert_eq!(running.json(&["files", "show", &second])["size"], 2);

    let unasked = running.run(&["files", "delete", &first, &second]);
    assert!(refused(&unasked, 2).contains("give --yes"));
    let nobodys = "a".repeat(26);
    let missing = running.run(&["files", "delete", "--yes", &first, &nobodys]);
    assert!(refused(&missing, 4).contains(&nobodys));
    running.said(&["files", "show", &first]);
    running.said(&["files", "delete", "--yes", &first, &second]);
    refused(&running.run(&["files", "show", &first]), 4);
    let errors = refused(&running.run(&["download", &second, "--json"]), 4);
    let error: serde_json::Value = serde_json::from_str(&errors).expect("JSON");
    assert_eq!(error["error"]["code"], "not_found");
}

#[test]
fn every_frame_is_verified_and_the_sha256_is_that_of_the_plaintext() {
    let running = Running::demo();
    let plaintext = plaintext(3_000_000);
    let id = running.uploaded("a", &plaintext);
    let said = running.said(&["files", "verify", "--wait", &id]);
    assert!(
        said.contains(&format!("verified  {}", hex(&plaintext))),
        "{said}"
    );
    let printed = running.json(&["download", &id]);
    assert_eq!(printed["is_compared"], true);
    assert_eq!(printed["sha256"], hex(&plaintext));
}

#[test]
fn a_damaged_object_is_found_and_never_becomes_a_file() {
    let running = Running::demo();
    let id = running.uploaded("a", &plaintext(3_000_000));
    running.said(&["files", "verify", "--wait", &id]);
    let object = object(&running.deployment().join("data/objects"), &id);
    let mut sealed = fs::read(&object).expect("an object");
    sealed[2_900_000] ^= 1;
    fs::write(&object, &sealed).expect("altered");

    let errors = refused(&running.run(&["files", "verify", "--wait", &id]), 3);
    assert!(errors.contains("damaged"), "{errors}");
    assert!(running.said(&["files", "list"]).contains("DAMAGED"));
    refused(&running.run(&["download", &id]), 3);
    assert!(running.names().is_empty(), "{:?}", running.names());
    let piped = running.run(&["download", &id, "-o", "-"]);
    refused(&piped, 3);
    assert!(piped.stdout.len() < 2_900_000);

    // Mend the object, as from a backup. The earlier result is not the answer.
    sealed[2_900_000] ^= 1;
    fs::write(&object, sealed).expect("mended");
    let asked = running.said(&["files", "verify", &id]);
    assert!(asked.contains("pending"), "{asked}");
    let said = running.said(&["files", "verify", "--wait", &id]);
    assert!(said.contains("verified"), "{said}");
}

/// Returns the path of a file's object in the folder of the embedded store.
fn object(folder: &Path, id: &str) -> std::path::PathBuf {
    let found = walkdir::WalkDir::new(folder).into_iter().find_map(|entry| {
        let entry = entry.expect("an entry");
        let is_it = entry.file_type().is_file() && entry.path().iter().any(|part| part == id);
        is_it.then(|| entry.into_path())
    });
    found.expect("an object")
}

#[test]
fn files_are_encrypted_again_beside_their_server() {
    let running = Running::demo();
    let content = plaintext(700_000);
    let id = running.uploaded("a", &content);
    let before = running.json(&["files", "show", &id]);
    let reseal = |args: &[&str]| {
        let mut command = running.command(&["files", "reseal", "--json"]);
        command
            .args(args)
            .arg("--data")
            .arg(running.deployment().join("data"))
            .env(
                "SEALIFT_KEY_FILE",
                running.deployment().join("keys/sealift.key"),
            );
        command.output().expect("the program")
    };
    let report = |output: &Output| -> Value {
        serde_json::from_str(&said(output)).expect("one JSON document")
    };
    let counts = |report: &Value| [&report["resealed"], &report["were_there"]].map(Value::as_u64);
    // The file is under the newest key already, so only its id makes the command encrypt it again.
    assert_eq!(counts(&report(&reseal(&["--all"]))), [Some(0), Some(1)]);
    assert_eq!(counts(&report(&reseal(&[&id]))), [Some(1), Some(0)]);
    let after = running.json(&["files", "show", &id]);
    assert_ne!(after["upload_id"], before["upload_id"]);
    assert_eq!(after["verification"]["plaintext_sha256"], hex(&content));
    running.said(&["download", &id, "-o", "again"]);
    assert!(fs::read(running.path("again")).expect("downloaded") == content);
    let nobodys = "a".repeat(26);
    assert!(refused(&reseal(&[&nobodys]), 4).contains(&nobodys));
}

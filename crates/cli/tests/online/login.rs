//! Tests that API keys come from the environment or a file and appear in no output.

use std::process::Command;

use crate::running::{Running, errors, refused, said};

/// Makes an API key of the running deployment.
fn key(running: &Running, role: &str) -> String {
    let mut make = Command::new(env!("CARGO_BIN_EXE_sealift"));
    make.args(["api-keys", "make", "--tenant", "acme", "--owner", "me"])
        .args(["--role", role, "--data"])
        .arg(running.deployment().join("data"));
    said(&make.output().expect("the program")).trim().to_owned()
}

#[test]
fn an_api_key_comes_from_the_environment_or_a_file_and_is_never_printed() {
    let running = Running::with_login();
    running.put("a", b"a");
    let without = running.run(&["upload", "a"]);
    let refused_text = refused(&without, 5);
    assert!(refused_text.contains("SEALIFT_API_KEY"), "{refused_text}");

    let key = key(&running, "admin");
    let mut with = running.command(&["upload", "a", "--json"]);
    let with = with
        .env("SEALIFT_API_KEY", &key)
        .output()
        .expect("the program");
    assert!(!said(&with).contains(&key));
    running.put("key.txt", format!("{key}\n").as_bytes());
    running.said(&["files", "list", "--api-key-file", "key.txt"]);

    let wrong = format!("{}x", &key[..key.len() - 1]);
    let mut with = running.command(&["files", "list"]);
    let with = with
        .env("SEALIFT_API_KEY", &wrong)
        .output()
        .expect("the program");
    assert!(!refused(&with, 5).contains(&wrong), "{}", errors(&with));
    let missing = running.run(&["files", "list", "--api-key-file", "none"]);
    assert!(refused(&missing, 2).contains("none"));
}

#[test]
fn a_key_for_uploads_alone_downloads_nothing() {
    let running = Running::with_login();
    running.put("a", b"a");
    running.put("key.txt", key(&running, "upload").as_bytes());
    let record = running.json(&["upload", "a", "--api-key-file", "key.txt"]);
    let id = record["id"].as_str().expect("an id");
    let download = ["download", id, "-o", "b", "--api-key-file", "key.txt"];
    refused(&running.run(&download), 5);
    let share = ["files", "share", id, "--api-key-file", "key.txt"];
    refused(&running.run(&share), 5);
    assert_eq!(running.names(), ["a", "key.txt"]);
}

#[test]
fn api_keys_are_listed_without_their_secrets_and_revoked() {
    let running = Running::with_login();
    let data = running.deployment().join("data");
    let keys = |args: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sealift"));
        program.arg("api-keys").args(args).arg("--data").arg(&data);
        program.output().expect("the program")
    };
    let make = [
        "make", "--tenant", "acme", "--owner", "me", "--role", "upload",
    ];
    let key = said(&keys(
        &[&make[..], &["--label", "the scanner", "--expires", "90d"]].concat(),
    ));
    let [_, id, secret] = key.trim().split('_').collect::<Vec<_>>()[..] else {
        panic!("the key has three parts");
    };
    let list = said(&keys(&["list"]));
    assert!(list.contains(id) && list.contains("the scanner"), "{list}");
    assert!(!list.contains(secret), "{list}");
    assert!(said(&keys(&["revoke", id])).contains("is revoked"));
    assert!(said(&keys(&["list"])).contains("revoked"));
    let mut with = running.command(&["files", "list"]);
    let with = with.env("SEALIFT_API_KEY", key.trim()).output();
    let with = with.expect("the program");
    assert!(
        refused(&with, 5).contains("was revoked"),
        "{}",
        errors(&with)
    );
    let nobody = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
    assert!(refused(&keys(&["revoke", nobody]), 1).contains("api-keys list"));
}

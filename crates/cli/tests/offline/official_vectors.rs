//! Decrypts the official vectors: messages of other implementations, in every suite. They are not part of the
//! project. If their folder beside the project is absent, the test says that it was skipped.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::PathBuf,
};

use serde::Deserialize;

use crate::program::{
    Base64, Bench, context_args, json, read, refused, run, run_with_stdin, succeeded,
};

#[derive(Deserialize)]
struct Index {
    keys: BTreeMap<String, Key>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Key {
    key_id: String,
    material: Base64,
}

#[derive(Deserialize)]
struct Vector {
    file: String,
    suite: String,
    unwrap: Unwrap,
    required_keys: Vec<String>,
    context: BTreeMap<String, String>,
    expect: String,
    plaintext: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Unwrap {
    key: String,
    provider_id: String,
}

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    if folder.is_dir() {
        return Some(folder);
    }
    // Writes past the test's captured output, because people must see that the test was skipped.
    io::stderr()
        .write_all(b"skipped: no official vectors beside the project (../shared/vectors)\n")
        .expect("stderr");
    None
}

#[test]
fn every_official_vector_opens_as_its_index_says_and_without_commitment_only_when_asked() {
    let Some(folder) = folder() else {
        return;
    };
    let index: Index = json(&read(&folder.join("index.json")));
    let (mut opened, mut refused_ones, mut without_commitment) = (0, 0, 0);
    for vector in &index.vectors {
        let key = &index.keys[&vector.unwrap.key];
        let bench = Bench::new(&key.material.0, &vector.unwrap.provider_id, &key.key_id);
        let message = bench.put("m.sealed", &read(&folder.join(&vector.file)));
        let message = message.to_str().expect("UTF-8");
        let context = context_args(&vector.context);
        let decrypt = |flags: &[&str], context: &[String]| {
            run(bench.decrypt(&[message]).args(flags).args(context))
        };
        let nothing_else = || assert_eq!(bench.files(), ["m.sealed"], "{}", vector.file);

        let commits = ["0478", "0578"].contains(&vector.suite.as_str());
        let policy: &[&str] = if commits {
            &[]
        } else {
            let said = refused(&decrypt(&[], &context), 3);
            assert!(said.contains("--allow-without-commitment"), "{said}");
            nothing_else();
            without_commitment += 1;
            &["--allow-without-commitment"]
        };
        if !vector.required_keys.is_empty() {
            refused(&decrypt(policy, &[]), 3);
            nothing_else();
        }
        let output = decrypt(policy, &context);
        if vector.expect == "ok" {
            succeeded(&output);
            let plaintext = read(&folder.join(&vector.plaintext));
            assert_eq!(read(&bench.path("m")), plaintext, "{}", vector.file);
            opened += 1;
        } else {
            refused(&output, 3);
            nothing_else();
            refused_ones += 1;
        }
    }
    assert_eq!((opened, refused_ones, without_commitment), (38, 28, 54));
}

#[test]
fn stdout_gets_nothing_of_a_signed_message_whose_signature_is_wrong_unless_asked() {
    let Some(folder) = folder() else {
        return;
    };
    let index: Index = json(&read(&folder.join("index.json")));
    let is_signed = |vector: &&Vector| vector.suite == "0578" && vector.expect == "ok";
    let vector = index.vectors.iter().find(is_signed).expect("a signed one");
    let key = &index.keys[&vector.unwrap.key];
    let bench = Bench::new(&key.material.0, &vector.unwrap.provider_id, &key.key_id);
    let plaintext = read(&folder.join(&vector.plaintext));
    let context = context_args(&vector.context);
    let to_stdout = |message: &[u8], flags: &[&str]| {
        let mut command = bench.decrypt(&["-", "-o", "-"]);
        run_with_stdin(command.args(flags).args(&context), message)
    };
    let mut message = read(&folder.join(&vector.file));
    let whole = to_stdout(&message, &[]);
    succeeded(&whole);
    assert_eq!(whole.stdout, plaintext);

    *message.last_mut().expect("a signature") ^= 1;
    let held = to_stdout(&message, &[]);
    refused(&held, 3);
    assert!(held.stdout.is_empty());
    let released = to_stdout(&message, &["--release-before-signature"]);
    refused(&released, 3);
    assert_eq!(released.stdout, plaintext);
    bench.put("m.sealed", &message);
    let mut to_file = bench.decrypt(&["m.sealed"]);
    refused(&run(to_file.args(&context)), 3);
    assert_eq!(bench.files(), ["m.sealed"]);
}

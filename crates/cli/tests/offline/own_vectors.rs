//! Decrypts the project's own vectors with the program. Some are from the official Python SDK, some are forged.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use crate::program::{
    Base64, Bench, context_args, json, read, refused, run, run_with_stdin, succeeded,
};

#[derive(Deserialize)]
pub(crate) struct Vectors {
    wrapping_key: Base64,
    key_namespace: String,
    key_name: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) message: Base64,
    pub(crate) plaintext: Option<Base64>,
    authenticated_only: BTreeMap<String, String>,
    expect: String,
}

impl Vectors {
    pub(crate) fn load() -> Self {
        let file = "../message/tests/vectors/own-vectors.json";
        json(&read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)))
    }

    pub(crate) fn bench(&self) -> Bench {
        Bench::new(&self.wrapping_key.0, &self.key_namespace, &self.key_name)
    }

    pub(crate) fn get(&self, name: &str) -> &Vector {
        let vector = self.vectors.iter().find(|vector| vector.name == name);
        vector.expect("a vector of that name")
    }
}

/// The vectors that the strict reader of our own objects refuses, but a reader of any message accepts, because the
/// format allows both.
const FOREIGN: [&str; 2] = ["iv-not-sequence", "non-framed"];

#[test]
fn every_forged_message_is_refused_and_leaves_no_file() {
    let vectors = Vectors::load();
    let (mut opened, mut refused_ones) = (0, 0);
    for vector in &vectors.vectors {
        let bench = vectors.bench();
        bench.put("m.sealed", &vector.message.0);
        let context = context_args(&vector.authenticated_only);
        let output = run(bench.decrypt(&["m.sealed"]).args(context));
        if vector.expect == "accept" || FOREIGN.contains(&vector.name.as_str()) {
            succeeded(&output);
            let plaintext = vector.plaintext.as_ref().expect("a plaintext");
            assert_eq!(read(&bench.path("m")), plaintext.0, "{}", vector.name);
            opened += 1;
        } else {
            refused(&output, 3);
            assert_eq!(bench.files(), ["m.sealed"], "{}", vector.name);
            refused_ones += 1;
        }
    }
    assert_eq!((opened, refused_ones), (22, 38));
}

#[test]
fn a_message_that_needs_a_raised_limit_names_the_flag() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    let two = &vectors.get("edk-two").message.0;
    bench.put("m.sealed", two);
    let said = refused(&run(&mut bench.decrypt(&["m.sealed"])), 3);
    assert!(said.contains("give --max-data-keys 2"), "{said}");
    succeeded(&run(&mut bench.decrypt(&[
        "m.sealed",
        "--max-data-keys",
        "2",
    ])));

    let long = &vectors.get("sdk-F4096-P5000").message.0;
    let flags = ["-", "--max-frame-length", "128"];
    let said = refused(&run_with_stdin(&mut bench.decrypt(&flags), long), 3);
    assert!(said.contains("give --max-frame-length 4096"), "{said}");
    let flags = ["-", "--max-header", "64"];
    let said = refused(&run_with_stdin(&mut bench.decrypt(&flags), long), 3);
    assert!(said.contains("longer than 64 bytes"), "{said}");
    assert!(said.contains("give --max-header 128"), "{said}");
    let flags = ["-", "--max-context", "16"];
    let said = refused(&run_with_stdin(&mut bench.decrypt(&flags), long), 3);
    assert!(said.contains("give --max-context"), "{said}");
    let unframed = &vectors.get("non-framed").message.0;
    let flags = ["-", "--max-unframed", "1"];
    let said = refused(&run_with_stdin(&mut bench.decrypt(&flags), unframed), 3);
    assert!(said.contains("give --max-unframed"), "{said}");
}

#[test]
fn a_message_that_commits_to_no_key_is_refused_before_one_is_looked_for() {
    let file = "../message/fuzz/samples/0114-framed";
    let message = read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file));
    let bench = Bench::new(&[7; 16], "ns", "name");
    bench.put("m.sealed", &message);
    std::fs::remove_file(bench.path("key")).expect("the key");
    let said = refused(&run(&mut bench.decrypt(&["m.sealed"])), 3);
    assert!(said.contains("--allow-without-commitment"), "{said}");
    let flags = ["m.sealed", "--allow-without-commitment"];
    let said = refused(&run(&mut bench.decrypt(&flags)), 4);
    assert!(said.contains("there is no key"), "{said}");
}

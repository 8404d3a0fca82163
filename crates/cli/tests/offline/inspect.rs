//! What a message says of itself.

use serde_json::Value;

use crate::{
    own_vectors::Vectors,
    program::{json, refused, run, run_with_stdin, sealift, succeeded},
};

#[test]
fn a_message_is_described_without_a_key() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    let message = &vectors.get("sdk-F256-P800").message.0;
    let path = bench.put("m", message);
    let path = path.to_str().expect("UTF-8");
    let output = run(&mut sealift(&["inspect", path, "--json"]));
    succeeded(&output);
    let said: Value = json(&output.stdout);
    assert_eq!(said["suite"], "0x0478");
    assert_eq!(said["format_version"], 2);
    assert_eq!(said["commitment"], true);
    assert_eq!(said["encryption_context"]["object-id"], "o-1");
    assert_eq!(said["encrypted_data_keys"][0]["keyring"], "raw-aes");
    assert_eq!(said["encrypted_data_keys"][0]["name"], "example-key-1");
    assert_eq!(said["frame_length"], 256);
    assert_eq!(said["sealed_len"], message.len());
    assert_eq!(said["by_size"]["plaintext_len"], 800);
    assert_eq!(said["by_size"]["frame_count"], 4);
}

#[test]
fn of_a_stream_only_what_is_read_is_said() {
    let vectors = Vectors::load();
    let message = &vectors.get("sdk-F256-P800").message.0;
    let output = run_with_stdin(&mut sealift(&["inspect", "-", "--json"]), message);
    let said: Value = json(&output.stdout);
    assert!(said["sealed_len"].is_null() && said["by_size"].is_null());
    let output = run_with_stdin(&mut sealift(&["inspect", "-"]), message);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("size not known"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colours in a pipe: {said}");
}

#[test]
fn what_is_no_message_is_called_so() {
    let said = refused(
        &run_with_stdin(&mut sealift(&["inspect", "-"]), b"%PDF-1.7"),
        3,
    );
    assert!(
        said.contains("no message of the AWS Encryption SDK"),
        "{said}"
    );
    let said = refused(
        &run_with_stdin(&mut sealift(&["inspect", "-"]), b"\x02\x04"),
        3,
    );
    assert!(said.contains("cut short"), "{said}");
    let said = refused(&run(&mut sealift(&["inspect", "no-such-file"])), 4);
    assert!(said.contains("there is no no-such-file"), "{said}");
}

/// Of a message that is longer than `inspect` reads.
pub(crate) fn long_header() -> Vec<u8> {
    let mut header = b"\x02\x04\x78".to_vec();
    header.extend([7; 32]);
    header.extend(b"\0\0\0\x02");
    for _ in 0..2 {
        header.extend(b"\0\x01n\0\x01k\x9C\x40");
        header.extend([0; 40_000]);
    }
    header
}

#[test]
fn a_header_that_is_too_long_is_not_called_cut_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("m");
    std::fs::write(&path, long_header()).expect("written");
    let path = path.to_str().expect("UTF-8");
    for output in [
        run_with_stdin(&mut sealift(&["inspect", "-"]), &long_header()),
        run(&mut sealift(&["inspect", path])),
    ] {
        let said = refused(&output, 3);
        assert!(said.contains("longer than 65536 bytes"), "{said}");
        assert!(!said.contains("give --max-header"), "{said}");
    }
}

#[test]
fn a_hostile_context_does_not_drive_the_terminal() {
    let vectors = Vectors::load();
    let mut message = vectors.get("sdk-F256-P800").message.0.clone();
    let at = message
        .windows(3)
        .position(|three| three == b"o-1")
        .expect("its value");
    message[at..at + 3].copy_from_slice(b"\x1b[J");
    let output = run_with_stdin(&mut sealift(&["inspect", "-"]), &message);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains(r"\u{1b}[J"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

//! Tests `sealift inspect`.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
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
        said.contains("not a message of the AWS Encryption SDK"),
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

/// Breaks `text` into lines of `len` characters.
fn in_lines(text: &str, len: usize, end: &str) -> String {
    let lines = text.as_bytes().chunks(len);
    let lines = lines.map(|line| String::from_utf8(line.to_vec()).expect("ASCII"));
    lines.map(|line| line + end).collect()
}

#[test]
fn a_message_that_is_written_as_text_is_to_be_decoded_first() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    let own = &vectors.get("sdk-F256-P800").message.0;
    // A message of the oldest format version, and a signed one of the newest.
    let old = [b"\x01\x80\x03\x78".as_slice(), &[0xFB; 60]].concat();
    let signed = [b"\x02\x05\x78".as_slice(), &[0xFF; 60]].concat();
    for message in [own, &old, &signed] {
        let (base64, hex) = (BASE64.encode(message), HEXLOWER.encode(message));
        let base64url = BASE64URL_NOPAD.encode(message);
        let utf16 = base64.encode_utf16().flat_map(u16::to_le_bytes);
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(utf16).collect();
        let armoured = format!(
            "-----BEGIN SEALED MESSAGE-----\nVersion: 1\n\n{}-----END SEALED MESSAGE-----\n",
            in_lines(&base64, 64, "\n")
        );
        for (text, name) in [
            (base64.clone().into_bytes(), "base64"),
            (in_lines(&base64, 76, "\r\n").into_bytes(), "base64"),
            (armoured.into_bytes(), "base64"),
            (format!("\u{feff}\n {base64}").into_bytes(), "base64"),
            (format!("\"{base64}\"").into_bytes(), "base64"),
            (
                format!("data:application/octet-stream;base64,{base64}").into_bytes(),
                "base64",
            ),
            (utf16, "base64"),
            (base64url.into_bytes(), "base64"),
            (hex.clone().into_bytes(), "hexadecimal"),
            (hex.to_uppercase().into_bytes(), "hexadecimal"),
            (format!("\\x{hex}").into_bytes(), "hexadecimal"),
            (
                format!("0x{}", in_lines(&hex, 60, "\n")).into_bytes(),
                "hexadecimal",
            ),
            (in_lines(&hex, 2, " ").into_bytes(), "hexadecimal"),
            (in_lines(&hex, 2, ":").into_bytes(), "hexadecimal"),
        ] {
            bench.put("m.sealed", &text);
            let text = String::from_utf8_lossy(&text);
            for mut command in [
                bench.decrypt(&["m.sealed", "--json"]),
                sealift(&[
                    "inspect",
                    bench.path("m.sealed").to_str().expect("UTF-8"),
                    "--json",
                ]),
            ] {
                let output = run(&mut command);
                refused(&output, 3);
                let error = &json::<Value>(&output.stderr)["error"];
                assert_eq!(error["code"], "encoded", "{text}");
                let said = error["message"].as_str().expect("a sentence");
                assert!(
                    said.contains(&format!("a message in {name}")),
                    "{said}: {text}"
                );
                let remedy = error["remedy"].as_str().expect("a remedy");
                assert!(remedy.contains("decode it first"), "{remedy}");
            }
        }
    }
    assert_eq!(bench.files(), ["m.sealed"]);
}

#[test]
fn what_holds_no_message_is_not_to_be_decoded() {
    let gzip = [b"\x1f\x8b\x08".as_slice(), &[0; 60]].concat();
    let pdf = BASE64.encode(b"%PDF-1.7 and more of it, in base64");
    let key = "-----BEGIN PGP MESSAGE-----\n\nhQEMA5vJhGEJkqDGAQf/YxMv\n";
    let unknown_suite = HEXLOWER.encode(b"\x02\x04\x79 and more");
    for bytes in [
        &gzip,
        pdf.as_bytes(),
        key.as_bytes(),
        unknown_suite.as_bytes(),
        b"age-encryption.org/v1\n-> X25519 abc",
        b"Salted__ of openssl enc",
        b"Again and again, in words",
        b"Ag",
        b"-",
        b"\n",
    ] {
        let said = refused(&run_with_stdin(&mut sealift(&["inspect", "-"]), bytes), 3);
        assert!(said.contains("it does not begin like one"), "{said}");
    }
}

/// Returns a header that is longer than `inspect` reads.
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

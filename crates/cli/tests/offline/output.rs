//! Tests where plaintext goes, and that an incomplete plaintext never looks complete.

use serde_json::Value;

use crate::{
    own_vectors::Vectors,
    program::{json, read, refused, run, run_with_stdin, said, sealift, succeeded},
};

#[test]
fn a_file_that_is_there_is_not_written_over_unless_asked() {
    let vectors = Vectors::load();
    let vector = vectors.get("sdk-F256-P800");
    let plaintext = &vector.plaintext.as_ref().expect("a plaintext").0;
    let bench = vectors.bench();
    bench.put("m", &vector.message.0);
    bench.put("m.decrypted", b"mine");
    let said = refused(&run(&mut bench.decrypt(&["m"])), 1);
    assert!(said.contains("--force"), "{said}");
    assert_eq!(read(&bench.path("m.decrypted")), b"mine");
    succeeded(&run(&mut bench.decrypt(&["m", "--force"])));
    assert_eq!(&read(&bench.path("m.decrypted")), plaintext);
    succeeded(&run(&mut bench.decrypt(&["m", "-o", "other"])));
    assert_eq!(&read(&bench.path("other")), plaintext);
}

#[cfg(unix)]
#[test]
fn what_is_there_and_is_no_file_is_not_replaced_even_if_asked() {
    use std::os::unix::{fs::FileTypeExt as _, net::UnixListener};
    let vectors = Vectors::load();
    let bench = vectors.bench();
    bench.put("m", &vectors.get("sdk-F256-P800").message.0);
    let _listener = UnixListener::bind(bench.path("socket")).expect("bound");
    let flags = ["m", "-o", "socket", "--force"];
    let said = refused(&run(&mut bench.decrypt(&flags)), 1);
    assert!(said.contains("is not a regular file"), "{said}");
    let there = std::fs::metadata(bench.path("socket")).expect("it is there");
    assert!(there.file_type().is_socket());
}

#[test]
fn a_damaged_message_does_not_take_the_place_of_a_file() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    bench.put("m.sealed", &vectors.get("frame-bit-flip").message.0);
    bench.put("m", b"mine");
    refused(&run(&mut bench.decrypt(&["m.sealed", "--force"])), 3);
    assert_eq!(read(&bench.path("m")), b"mine");
    assert_eq!(bench.files(), ["m", "m.sealed"]);
}

#[test]
fn stdout_gets_verified_frames_and_the_exit_code_says_that_they_were_not_all() {
    let vectors = Vectors::load();
    let vector = vectors.get("sdk-F256-P800");
    let plaintext = &vector.plaintext.as_ref().expect("a plaintext").0;
    let bench = vectors.bench();
    let whole = run_with_stdin(&mut bench.decrypt(&["-"]), &vector.message.0);
    succeeded(&whole);
    assert_eq!(&whole.stdout, plaintext);

    let (_, kept) = vector.message.0.split_last().expect("bytes");
    let cut = run_with_stdin(&mut bench.decrypt(&["-", "-o", "-"]), kept);
    let words = refused(&cut, 3);
    assert!(words.contains("cut short"), "{words}");
    assert_eq!(cut.stdout, plaintext[..768], "three whole frames");

    let longer = [&vector.message.0[..], b"x"].concat();
    let words = refused(&run_with_stdin(&mut bench.decrypt(&["-"]), &longer), 3);
    assert!(words.contains("after the message's end"), "{words}");
}

#[test]
fn a_message_of_another_size_than_expected_is_refused() {
    let vectors = Vectors::load();
    let message = &vectors.get("sdk-F256-P800").message.0;
    let bench = vectors.bench();
    bench.put("m.sealed", message);
    let right = message.len().to_string();
    for (expected, code) in [("1", 3), (right.as_str(), 0)] {
        let flags = ["m.sealed", "--expect-size", expected, "--force"];
        refused(&run(&mut bench.decrypt(&flags)), code);
        let flags = [
            "-",
            "--expect-size",
            expected,
            "-o",
            "from-stdin",
            "--force",
        ];
        refused(&run_with_stdin(&mut bench.decrypt(&flags), message), code);
        assert_eq!(bench.path("from-stdin").exists(), code == 0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_told_as_that() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    let path = bench.put("m", &vectors.get("sdk-F256-P800").message.0);
    let path = path.to_str().expect("UTF-8");
    for command in [
        &mut bench.decrypt(&["m", "-o", "-"]),
        &mut sealift(&["inspect", path]),
        &mut sealift(&["inspect", path, "--json"]),
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = command.stdout(full.expect("a device")).output();
        let said = refused(&output.expect("the program"), 1);
        assert!(
            said.contains("stdout cannot be written (No space"),
            "{said}"
        );
    }
}

#[test]
fn programs_read_what_came_of_it() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    bench.put("m.sealed", &vectors.get("sdk-F256-P0").message.0);
    let output = run(&mut bench.decrypt(&["m.sealed", "--json"]));
    let opened: Value = json(&output.stdout);
    assert_eq!(opened["path"], "m");
    assert_eq!(opened["plaintext_len"], 0);
    assert_eq!(opened["suite"], "0x0478");
    assert_eq!(opened["encryption_context"]["tenant"], "t-1");
    assert_eq!(opened["message_id"].as_str().map(str::len), Some(64));
    // The SHA-256 of no bytes.
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(opened["sha256"], sha256);
    assert!(said(&output).is_empty());

    let output = run(&mut bench.decrypt(&["m.sealed", "--json"]));
    let failed: Value = json(&output.stderr);
    assert_eq!(failed["error"]["code"], "exists");
    assert!(failed["error"]["message"].is_string() && failed["error"]["remedy"].is_string());

    // Stdout holds the plaintext, so the JSON goes to stderr.
    let output = run(&mut bench.decrypt(&["m.sealed", "--json", "-o", "-"]));
    assert!(output.stdout.is_empty());
    assert_eq!(json::<Value>(&output.stderr)["path"], "-");
}

#[test]
fn a_key_is_read_as_text_too_and_another_one_opens_nothing() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    bench.put("m.sealed", &vectors.get("sdk-F256-P800").message.0);
    let key = read(&bench.path("key"));
    for text in [
        format!("base64:{}\n", data_encoding::BASE64.encode(&key)),
        format!("hex:{}", data_encoding::HEXLOWER.encode(&key)),
    ] {
        bench.put("key", text.as_bytes());
        succeeded(&run(&mut bench.decrypt(&["m.sealed", "--force"])));
    }
    std::fs::remove_file(bench.path("m")).expect("the plaintext");
    bench.put("key", &[7; 32]);
    let said = refused(&run(&mut bench.decrypt(&["m.sealed"])), 3);
    assert!(said.contains("the data key cannot be decrypted"), "{said}");
    let mut others = sealift(&["decrypt", "m.sealed", "--aes-key", "key"]);
    others
        .args(["--key-namespace", "others", "--key-name", "name"])
        .current_dir(bench.path(""));
    let said = refused(&run(&mut others), 5);
    assert!(said.contains("none of the keys"), "{said}");
    bench.put("key", b"too short");
    let said = refused(&run(&mut bench.decrypt(&["m.sealed"])), 2);
    assert!(said.contains("holds no AES key"), "{said}");
    assert_eq!(bench.files(), ["m.sealed"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_file() {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };
    let vectors = Vectors::load();
    let message = &vectors.get("sdk-F256-P800").message.0;
    let bench = vectors.bench();
    let mut child = bench
        .decrypt(&["-", "-o", "opened"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().expect("piped");
    stdin
        .write_all(&message[..message.len() - 1])
        .expect("taken");
    // The program waits for the last byte.
    while bench.files().is_empty() {
        assert!(child.try_wait().expect("a child").is_none(), "it waits");
        std::thread::yield_now();
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.expect("kill").success());
    let ended = child.wait_with_output().expect("it ends");
    assert!(refused(&ended, 130).contains("interrupted"));
    assert!(bench.files().is_empty());
    drop(stdin);
}

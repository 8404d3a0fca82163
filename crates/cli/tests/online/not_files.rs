//! Tests uploads with pipes, sockets, devices and links among the files, and with files whose size is wrong.

use crate::{
    running::{Running, errors, read, refused, said},
    upload::unfinished,
};

/// Makes a folder with some files and everything that is not a file.
fn with_no_files(running: &Running) -> std::os::unix::net::UnixListener {
    running.put("all/a", b"a");
    running.put("all/z/b", b"b");
    std::fs::create_dir_all(running.path("all/empty/inner")).expect("a folder");
    let made = std::process::Command::new("mkfifo")
        .arg(running.path("all/pipe"))
        .status();
    assert!(made.expect("mkfifo").success());
    for (link, to) in [
        ("all/to-pipe", "pipe"),
        ("all/to-nothing", "no\u{1b}where"),
        ("all/to-a", "a"),
        ("all/to-itself", "to-itself"),
        ("all/to-z", "z"),
    ] {
        std::os::unix::fs::symlink(to, running.path(link)).expect("a link");
    }
    std::os::unix::net::UnixListener::bind(running.path("all/socket")).expect("a socket")
}

/// Nothing writes into the pipes, so a program that opens one waits for ever.
#[test]
fn what_is_no_file_is_named_at_once_and_the_others_go_on() {
    let running = Running::demo();
    let _socket = with_no_files(&running);
    let args = [
        "upload",
        "all/a",
        "all/pipe",
        "all/to-pipe",
        "all/socket",
        "/dev/null",
        "all/to-nothing",
        "all/to-itself",
        "missing",
        "all/z",
        "all/to-a",
    ];
    let is_each_named = |errors: &str| {
        for (name, why) in [
            ("all/pipe", "is a pipe, and not a file; give - in its place"),
            ("all/to-pipe", "is a pipe"),
            ("all/socket", "is a socket"),
            ("/dev/null", "is a device"),
            ("all/to-nothing", "is a link to nothing"),
            ("all/to-itself", "cannot be used"),
            ("there is no missing", ""),
            ("all/z", "is a folder; give --recursive"),
        ] {
            let is_named = |line: &str| {
                line.contains(&format!("{name} {why}")) || line.contains(name) && why.is_empty()
            };
            assert!(errors.lines().any(is_named), "{name} {why}: {errors}");
        }
    };
    let output = running.run(&args);
    let errors = refused(&output, 2);
    is_each_named(&errors);
    assert!(
        errors.contains("8 of 10 files were not uploaded"),
        "{errors}"
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
    // The program names them before it calls the server.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = nobody.local_addr().expect("bound").port();
    drop(nobody);
    let output = running.command_at(port, &args).output();
    let errors = refused(&output.expect("the program"), 6);
    is_each_named(&errors);

    let errors = refused(&running.run(&["upload", "all/pipe"]), 2);
    assert!(!errors.contains("were not uploaded"), "{errors}");
    refused(&running.run(&["upload", "all/pipe", "/dev/null"]), 2);
}

/// The paths lead to a pipe of the shell, as for `<(…)`, or to stdin.
#[test]
fn a_pipe_of_the_shell_leads_to_stdin() {
    let running = Running::demo();
    let program = env!("CARGO_BIN_EXE_sealift");
    let mut bash = std::process::Command::new("bash");
    let output = bash
        .args(["-c", "\"$0\" upload <(echo a) --name a", program])
        .output();
    let errors = refused(&output.expect("bash"), 2);
    assert!(errors.contains("instead of <(…) give -"), "{errors}");
    for path in ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        let errors = refused(&running.fed(&["upload", path], b"a"), 2);
        assert!(
            errors.contains("is a pipe") && errors.contains("give -"),
            "{errors}"
        );
    }
}

#[test]
fn what_a_folder_holds_beside_files_is_left_out_and_said() {
    let running = Running::demo();
    let _socket = with_no_files(&running);
    let output = running.run(&["upload", "-r", "all"]);
    assert_eq!(said(&output).lines().count(), 2);
    let notes = errors(&output);
    let mut notes: Vec<&str> = notes.lines().collect();
    notes.sort_unstable();
    let left_out = |name: &str, kind: &str| format!("all/{name} is {kind} and is left out");
    assert_eq!(
        notes,
        [
            left_out("empty/inner", "an empty folder"),
            left_out("pipe", "a pipe"),
            left_out("socket", "a socket"),
            left_out("to-a", "a link"),
            left_out("to-itself", "a link"),
            left_out("to-nothing", "a link"),
            left_out("to-pipe", "a link"),
            left_out("to-z", "a link"),
        ]
    );
    let quiet = running.run(&["upload", "-r", "all", "--quiet", "--no-resume"]);
    assert_eq!(
        (said(&quiet).lines().count(), errors(&quiet)),
        (2, String::new())
    );
    let nothing = refused(&running.run(&["upload", "-r", "all/empty"]), 2);
    assert!(
        nothing.contains("empty/inner is an empty folder"),
        "{nothing}"
    );
    assert!(nothing.contains("there is no file to upload"), "{nothing}");
}

/// The kernel's files report 0 bytes, or a whole page, whatever they hold.
#[cfg(target_os = "linux")]
#[test]
fn a_file_of_another_size_than_it_says_is_uploaded_whole() {
    let running = Running::demo();
    running.put("empty", b"");
    std::os::unix::fs::symlink("/proc/version", running.path("link")).expect("a link");
    for (path, name) in [
        ("/proc/version", "version"),
        ("/sys/class/net/lo/mtu", "mtu"),
        ("link", "link"),
        ("empty", "empty"),
    ] {
        let record = running.json(&["upload", path]);
        let plaintext = std::fs::read(running.path(path)).expect("a file");
        assert_eq!(
            (&record["name"], &record["size"]),
            (&name.into(), &plaintext.len().into())
        );
        let id = record["id"].as_str().expect("an id");
        running.said(&["download", id, "-o", "back", "--force"]);
        assert_eq!(read(&running.path("back")), plaintext, "{path}");
    }
    assert!(unfinished(&running).is_empty());
}

//! Runs the commands of the README with the real curl.

use std::{fs, process::Stdio};

use sealift_transfer::api::{FileList, files};
use tokio::process::Command;

use crate::support::{PART, Stack, bytes};

/// Returns the output of curl, or `None` if this machine has no curl.
async fn curl(arguments: &[&str]) -> Option<String> {
    let mut curl = Command::new("curl");
    let curl = curl.args(["--silent", "--show-error", "--noproxy", "*"]);
    let curl = curl.args(arguments).stdin(Stdio::null());
    let run = match curl.output().await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        run => run.unwrap(),
    };
    assert!(run.status.success(), "{run:?}");
    Some(String::from_utf8(run.stdout).unwrap())
}

#[tokio::test]
async fn curl_sends_a_form_and_a_file_and_reads_three_lines() {
    let stack = Stack::start().await;
    let client = stack.client();
    let address = format!("http://{}/upload", stack.server.address());
    let name = "photo \"of\" ünì.jpg";
    let file = stack.folder().join(name);
    // The file is larger than curl sends without an answer 100 Continue.
    let plaintext = bytes(2 * PART + 3);
    fs::write(&file, &plaintext).unwrap();
    let file = file.to_str().unwrap();

    // A file name with quotes must be quoted for curl itself.
    let quoted = file.replace('"', "\\\"");
    let as_form = format!("image=@\"{quoted}\"");
    let into_folder = format!("{address}/");
    let cases: [&[&str]; 3] = [
        &["-X", "POST", &address, "-F", &as_form],
        &["-T", file, &into_folder],
        // This upload does not announce its length.
        &["-T", file, "-H", "Transfer-Encoding: chunked", &into_folder],
    ];
    for arguments in cases {
        let Some(printed) = curl(arguments).await else {
            println!("There is no curl here, so nothing was shown.");
            return;
        };
        let lines: Vec<&str> = printed.lines().collect();
        assert!(lines[0].starts_with("s3://"), "{printed}");
        assert_eq!((lines.len(), lines[2]), (3, name), "{arguments:?}");
        let list: FileList = client.get(files::PATH).await.json(200);
        let newest = &list.files[0];
        assert!(lines[0].ends_with(&newest.object_key));
        assert!(client.content(&newest.id).await.body == plaintext);
    }
}

#[tokio::test]
async fn curl_reads_why_it_was_refused_while_it_was_still_sending() {
    let stack = Stack::with(&[("limit_file", "6MiB")]).await;
    let address = format!("http://{}/upload/", stack.server.address());
    let file = stack.folder().join("large");
    fs::write(&file, bytes(12 * 1024 * 1024)).unwrap();
    let file = file.to_str().unwrap();
    for header in ["Transfer-Encoding: chunked", "Expect:", "X-Nothing: 1"] {
        let arguments = ["-T", file, "-H", header, address.as_str()];
        let Some(printed) = curl(&arguments).await else {
            println!("There is no curl here, so nothing was shown.");
            return;
        };
        assert!(printed.contains("file_too_large"), "{header}: {printed}");
    }
}

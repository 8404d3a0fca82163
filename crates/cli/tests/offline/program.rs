//! Runs the program with one raw AES key in a folder of its own.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use data_encoding::BASE64;
use serde::{Deserialize, de::DeserializeOwned};

/// Bytes that are base64 in JSON.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl TryFrom<String> for Base64 {
    type Error = data_encoding::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        BASE64.decode(text.as_bytes()).map(Self)
    }
}

/// A folder with a message and the key that opens it.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    namespace: String,
    name: String,
}

impl Bench {
    pub(crate) fn new(key: &[u8], namespace: &str, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("key"), key).expect("written");
        Self {
            folder,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    /// Returns the names of all files in the folder except the key.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| name.into_string().expect("UTF-8"))
            .filter(|name| name != "key")
            .collect();
        names.sort();
        names
    }

    /// Returns `sealift decrypt` with the key, run in the folder.
    pub(crate) fn decrypt(&self, args: &[&str]) -> Command {
        let mut command = sealift(&["decrypt", "--aes-key", "key"]);
        command
            .args(["--key-namespace", &self.namespace])
            .args(["--key-name", &self.name])
            .args(args)
            .current_dir(self.folder.path());
        command
    }
}

pub(crate) fn sealift(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealift"));
    command.args(args).stdin(Stdio::null());
    command
}

pub(crate) fn context_args(pairs: &BTreeMap<String, String>) -> Vec<String> {
    let pairs = pairs.iter();
    pairs
        .flat_map(|(key, value)| ["--context".to_owned(), format!("{key}={value}")])
        .collect()
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the program")
}

pub(crate) fn run_with_stdin(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // The write may fail: a program that refuses the beginning does not read the rest.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("written");
    output
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks that the program ended with this exit code, and returns its stderr.
#[track_caller]
pub(crate) fn refused(output: &Output, code: i32) -> String {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[track_caller]
pub(crate) fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

pub(crate) fn json<T: DeserializeOwned>(bytes: &[u8]) -> T {
    serde_json::from_slice(bytes).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(bytes));
    })
}

pub(crate) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a file")
}

//! Runs a server, with a folder for its clients.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

pub(crate) struct Running {
    server: Child,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

impl Running {
    /// Starts `sealift demo`, which has no login.
    pub(crate) fn demo() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = program();
        command
            .args([
                "demo",
                "--port",
                "0",
                "--s3-port",
                "0",
                "--log",
                "off",
                "--data",
            ])
            .arg(folder.path().join("demo"));
        Self::start(command, folder)
    }

    /// Starts `sealift serve`, with API keys.
    pub(crate) fn with_login() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = program();
        command
            .args(["serve", "--port", "0", "--s3-port", "0", "--log", "off"])
            .arg("--data")
            .arg(folder.path().join("demo/data"))
            .current_dir(folder.path());
        Self::start(command, folder)
    }

    fn start(mut command: Command, folder: tempfile::TempDir) -> Self {
        let started = command.stdout(Stdio::piped()).spawn();
        let mut server = started.expect("the program");
        let mut lines = BufReader::new(server.stdout.take().expect("piped")).lines();
        let port = loop {
            let line = lines.next().expect("it says where it is").expect("UTF-8");
            let known = ["http://localhost:", "http://127.0.0.1:"];
            if let Some((_, rest)) = known.iter().find_map(|known| line.split_once(known)) {
                let digits = rest.split('/').next().unwrap_or_default();
                break digits.parse().expect("a port");
            }
        };
        let work = folder.path().join("work");
        fs::create_dir(&work).expect("a folder");
        Self {
            server,
            port,
            folder,
        }
    }

    /// Returns a client's command, run in the folder of [`Self::path`].
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_at(self.port, args)
    }

    /// Returns the same as [`Self::command`], but for another port.
    pub(crate) fn command_at(&self, port: u16, args: &[&str]) -> Command {
        let mut command = program();
        command
            .args(args)
            .env("SEALIFT_SERVER", format!("http://127.0.0.1:{port}"))
            .current_dir(self.folder.path().join("work"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program")
    }

    /// Runs a command that must succeed, and returns its stdout.
    pub(crate) fn said(&self, args: &[&str]) -> String {
        said(&self.run(args))
    }

    /// Runs a command with `--json`, and returns the one document on its stdout.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args = [args, &["--json"]].concat();
        serde_json::from_str(&self.said(&args)).expect("one JSON document")
    }

    /// Runs a command with these bytes on stdin.
    pub(crate) fn fed(&self, args: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(args);
        let child = command.stdin(Stdio::piped()).spawn();
        let mut child = child.expect("the program");
        let mut stdin = child.stdin.take().expect("piped");
        // The program may end before it has read all of them.
        let _ = stdin.write_all(input);
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn deployment(&self) -> PathBuf {
        self.folder.path().join("demo")
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("written");
    }

    /// Uploads a file with this name, and returns its id.
    pub(crate) fn uploaded(&self, name: &str, bytes: &[u8]) -> String {
        self.put(name, bytes);
        let record = self.json(&["upload", name]);
        fs::remove_file(self.path(name)).expect("removed");
        record["id"].as_str().expect("an id").to_owned()
    }

    /// Returns the names in the client's folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("")).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names
            .map(|name| name.into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealift"));
    command
        .env_remove("SEALIFT_PAGE_DIR")
        .env_remove("SEALIFT_API_KEY");
    command
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(given(output)).expect("UTF-8")
}

/// Checks that the program succeeded, and returns the bytes on its stdout.
pub(crate) fn given(output: &Output) -> Vec<u8> {
    assert_eq!(output.status.code(), Some(0), "{}", errors(output));
    output.stdout.clone()
}

/// Checks that the program ended with this exit code, and returns its stderr.
pub(crate) fn refused(output: &Output, exit: i32) -> String {
    let errors = errors(output);
    assert_eq!(output.status.code(), Some(exit), "{errors}");
    errors
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns bytes that do not repeat within a part. They are the same each time.
pub(crate) fn plaintext(len: usize) -> Vec<u8> {
    (0_u64..)
        .flat_map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes())
        .take(len)
        .collect()
}

pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status();
    assert!(sent.expect("kill").success());
}

pub(crate) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a file")
}

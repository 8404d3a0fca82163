//! The programs that AWS publishes for the format: the Encryption SDKs for Python and JavaScript, and the
//! command line. If they open our messages, a person can read them without Sealift. Sealift must also open the
//! messages that they seal.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::{Moto, StoreCredentials, programs};

/// One of the SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sdk {
    /// The SDK for Python, version 4.
    Python,
    /// The SDK for JavaScript on Node.js, version 5.
    JavaScript,
}

/// How the SDK gets the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// All in memory, in one call.
    Whole,
    /// In a stream, piece by piece.
    Streamed,
}

/// The key that encrypts data keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrappingKey {
    /// A KMS key's ARN; exactly this one is allowed.
    Kms(String),
    /// A raw AES-256 key.
    RawAes {
        /// Its namespace.
        namespace: String,
        /// Its name there.
        name: String,
        /// The key's bytes.
        bytes: [u8; 32],
    },
}

/// The facts that an SDK reports of a message that it opened or sealed.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// The algorithm suite.
    pub suite: u16,
    /// Plaintext bytes of a frame.
    pub frame_length: u32,
    /// The pairs that the key is bound to.
    pub encryption_context: BTreeMap<String, String>,
    /// The key providers of the encrypted data keys.
    pub key_providers: Vec<String>,
    /// The output of the SDK: the plaintext when it opens, the message when it seals.
    #[serde(skip)]
    pub output: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Refused { refused: String },
    Done(Message),
}

impl Sdk {
    /// Opens messages. The SDK requires key commitment and at most one data key. The result holds one answer for each
    /// message; `Err` gives the reason of a refusal.
    ///
    /// # Errors
    /// Fails if the SDK does not run.
    pub fn open(
        self,
        moto: Option<&Moto>,
        key: &WrappingKey,
        how: How,
        sealed: &[PathBuf],
    ) -> Result<Vec<Result<Message>>> {
        self.run(moto, sealed, |from, to| {
            json!({ "do": "open", "how": how.name(), "from": from, "to": to, "key": key.json() })
        })
    }

    /// Seals files as Sealift does (with the committing suite that has no signature), in the context of [`context`] and
    /// with frames of `frame_length` bytes.
    ///
    /// # Errors
    /// Fails if the SDK does not run or refuses a file.
    pub fn seal(
        self,
        moto: Option<&Moto>,
        key: &WrappingKey,
        how: How,
        frame_length: u32,
        plaintexts: &[PathBuf],
    ) -> Result<Vec<Vec<u8>>> {
        let messages = self.run(moto, plaintexts, |from, to| {
            json!({
                "do": "seal", "how": how.name(), "from": from, "to": to, "key": key.json(),
                "encryption_context": context(), "frame_length": frame_length,
            })
        })?;
        messages
            .into_iter()
            .map(|message| Ok(message?.output))
            .collect()
    }

    fn run(
        self,
        moto: Option<&Moto>,
        files: &[PathBuf],
        job: impl Fn(&Path, &Path) -> serde_json::Value,
    ) -> Result<Vec<Result<Message>>> {
        let folder = tempfile::tempdir()?;
        let outputs: Vec<PathBuf> = (0..files.len())
            .map(|number| folder.path().join(number.to_string()))
            .collect();
        let jobs = files.iter().zip(&outputs);
        let jobs: String = jobs
            .map(|(from, to)| format!("{}\n", job(from, to)))
            .collect();
        let answer = run(&mut self.program()?, moto, &jobs)?;
        let output = text(&answer.stdout);
        let messages: Vec<_> = output
            .lines()
            .zip(&outputs)
            .map(|(line, path)| match serde_json::from_str(line)? {
                Answer::Refused { refused } => bail!("{self:?} refused: {refused}"),
                Answer::Done(message) => Ok(Message {
                    output: fs::read(path)?,
                    ..message
                }),
            })
            .collect();
        ensure!(
            messages.len() == files.len() && answer.status.success(),
            "{self:?} did not answer every job: {}",
            text(&answer.stderr)
        );
        Ok(messages)
    }

    fn program(self) -> Result<Command> {
        let (program, script) = match self {
            Self::Python => ("SEALIFT_TEST_SDK_PYTHON", "python.py"),
            Self::JavaScript => ("SEALIFT_TEST_NODE", "javascript.mjs"),
        };
        let mut command = Command::new(programs::path_in(program)?);
        command.arg(scripts().join(script));
        Ok(command)
    }
}

impl How {
    fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Streamed => "streamed",
        }
    }
}

impl WrappingKey {
    fn json(&self) -> serde_json::Value {
        match self {
            Self::Kms(arn) => json!({ "kms": arn }),
            Self::RawAes {
                namespace,
                name,
                bytes,
            } => json!({ "namespace": namespace, "name": name, "aes": hex(bytes) }),
        }
    }

    /// Passes this key to aws-encryption-cli.
    fn pass_to(&self, cli: &mut Command) {
        cli.arg("--wrapping-keys");
        match self {
            Self::Kms(arn) => cli.arg("provider=aws-kms").arg(format!("key={arn}")),
            Self::RawAes {
                namespace,
                name,
                bytes,
            } => cli
                .arg("provider=raw-aes")
                .arg(format!("key={name}"))
                .env("RAW_AES_NAMESPACE", namespace)
                .env("RAW_AES_KEY", hex(bytes)),
        };
    }
}

/// Returns the encryption context in which the official programs seal messages.
#[must_use]
pub fn context() -> BTreeMap<String, String> {
    BTreeMap::from([("case", "4711"), ("écrit", "par d'autres")])
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Opens a message with aws-encryption-cli, which requires these pairs in the message's context.
///
/// # Errors
/// Fails if the program refuses the message.
pub fn open_with_cli(
    moto: Option<&Moto>,
    key: &WrappingKey,
    sealed: &Path,
    encryption_context: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    run_cli(moto, key, &["--decrypt"], sealed, encryption_context)
}

/// Seals a file with aws-encryption-cli, either with the program's default suite, which signs, or with our suite.
///
/// # Errors
/// Fails if the program refuses the file.
pub fn seal_with_cli(
    moto: Option<&Moto>,
    key: &WrappingKey,
    as_we_do: bool,
    plaintext: &Path,
) -> Result<Vec<u8>> {
    let ours = [
        "--encrypt",
        "--algorithm",
        "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
    ];
    let arguments = if as_we_do { &ours[..] } else { &ours[..1] };
    run_cli(moto, key, arguments, plaintext, &context())
}

fn run_cli(
    moto: Option<&Moto>,
    key: &WrappingKey,
    arguments: &[&str],
    input: &Path,
    encryption_context: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("output");
    let mut cli = Command::new(programs::path_in("SEALIFT_TEST_CLI")?);
    key.pass_to(
        cli.args(arguments)
            .arg("--input")
            .arg(input)
            .arg("--output")
            .arg(&output),
    );
    cli.args(["--commitment-policy", "require-encrypt-require-decrypt"])
        .args(["--max-encrypted-data-keys", "1"])
        .arg("--suppress-metadata")
        .arg("--encryption-context");
    let pairs = encryption_context.iter();
    cli.args(pairs.map(|(name, value)| format!("{name}={value}")));
    let answer = run(&mut cli, moto, "")?;
    // The program skips a message with another context. It reports success, but writes no output.
    match fs::read(&output) {
        Ok(output) if answer.status.success() => Ok(output),
        _ => bail!("aws-encryption-cli refused: {}", text(&answer.stderr)),
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("support/official")
}

fn run(program: &mut Command, moto: Option<&Moto>, input: &str) -> Result<Output> {
    if let Some(moto) = moto {
        program.env("AWS_ENDPOINT_URL_KMS", moto.endpoint());
    }
    let credentials = StoreCredentials::of_moto();
    let mut process = program
        .env("AWS_ACCESS_KEY_ID", credentials.access_key)
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
        .env("AWS_DEFAULT_REGION", Moto::REGION)
        .env("AWS_REGION", Moto::REGION)
        .env("PYTHONPATH", scripts())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", program.get_program().display()))?;
    let mut stdin = process.stdin.take().context("no standard input")?;
    // The input fits into the pipe. If the program has already ended, its stderr gives the reason.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Ok(process.wait_with_output()?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! The readers that AWS publishes: its Encryption SDK for Python and its command line. What they
//! open does not need Sealift to be read.

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

use crate::{Moto, programs};

/// What the SDK found in a message.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// The algorithm suite.
    pub suite: u16,
    /// Plaintext bytes of a frame.
    pub frame_length: u32,
    /// The pairs that the key is bound to.
    pub encryption_context: BTreeMap<String, String>,
    /// Of the encrypted data keys.
    pub key_arns: Vec<String>,
    /// The plaintext.
    #[serde(skip)]
    pub plaintext: Vec<u8>,
}

/// Opens messages with the SDK, commitment required, exactly this KMS key allowed.
///
/// # Errors
/// Where it refuses one.
pub fn open_with_sdk(moto: &Moto, key_arn: &str, sealed: &[PathBuf]) -> Result<Vec<Told>> {
    let folder = tempfile::tempdir()?;
    let opened: Vec<PathBuf> = (0..sealed.len())
        .map(|number| folder.path().join(number.to_string()))
        .collect();
    let jobs: String = sealed
        .iter()
        .zip(&opened)
        .map(|(sealed, plaintext)| {
            let job = json!({ "sealed": sealed, "plaintext": plaintext, "key_arn": key_arn });
            format!("{job}\n")
        })
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("support/official_reader.py");
    let mut python = Command::new(programs::path_in("SEALIFT_TEST_SDK_PYTHON")?);
    let answer = run(python.arg(script), moto, &jobs)?;
    ensure!(
        answer.status.success(),
        "the SDK refused: {}",
        text(&answer.stderr)
    );
    let told = text(&answer.stdout);
    let told = told.lines().zip(&opened).map(|(line, plaintext)| {
        let mut told: Told = serde_json::from_str(line)?;
        told.plaintext = fs::read(plaintext)?;
        Ok(told)
    });
    let told = told.collect::<Result<Vec<_>>>()?;
    ensure!(
        told.len() == sealed.len(),
        "the SDK did not open every message"
    );
    Ok(told)
}

/// Opens a message with aws-encryption-cli, which must find these pairs in its context.
///
/// # Errors
/// Where it refuses.
pub fn open_with_cli(
    moto: &Moto,
    key_arn: &str,
    sealed: &Path,
    encryption_context: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let plaintext = folder.path().join("plaintext");
    let mut cli = Command::new(programs::path_in("SEALIFT_TEST_CLI")?);
    cli.arg("--decrypt")
        .arg("--input")
        .arg(sealed)
        .arg("--output")
        .arg(&plaintext)
        .args(["--wrapping-keys", "provider=aws-kms"])
        .arg(format!("key={key_arn}"))
        .args(["--commitment-policy", "require-encrypt-require-decrypt"])
        .args(["--max-encrypted-data-keys", "1"])
        .arg("--suppress-metadata")
        .arg("--encryption-context");
    let pairs = encryption_context.iter();
    cli.args(pairs.map(|(name, value)| format!("{name}={value}")));
    let answer = run(&mut cli, moto, "")?;
    // A message in another context is skipped: that is no failure to it, but there is no output.
    match fs::read(&plaintext) {
        Ok(plaintext) if answer.status.success() => Ok(plaintext),
        _ => bail!("the command line refused: {}", text(&answer.stderr)),
    }
}

fn run(program: &mut Command, moto: &Moto, input: &str) -> Result<Output> {
    let mut process = program
        .env("AWS_ENDPOINT_URL_KMS", moto.endpoint())
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_DEFAULT_REGION", Moto::REGION)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", program.get_program().display()))?;
    let mut stdin = process.stdin.take().context("no standard input")?;
    // Small enough for the pipe; a program that ended already says why on stderr.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Ok(process.wait_with_output()?)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! Runs the program `sealift` as a person would.

use std::{
    ffi::OsStr,
    io::Write as _,
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, Result};

use crate::{Moto, official_readers::WrappingKey, programs};

/// The result of a run.
#[derive(Debug)]
pub struct Called {
    /// The exit code.
    pub code: Option<i32>,
    /// The output on standard output.
    pub stdout: Vec<u8>,
    /// The messages on standard error.
    pub stderr: String,
}

/// Runs the program with nothing on its standard input.
///
/// # Errors
/// Fails if `SEALIFT_TEST_SEALIFT` names no program.
pub fn sealift<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<Called> {
    sealift_with(&[], arguments)
}

/// Does the same with more variables in the environment.
///
/// # Errors
/// Fails if `SEALIFT_TEST_SEALIFT` names no program.
pub fn sealift_with<S: AsRef<OsStr>>(
    environment: &[(&str, &str)],
    arguments: impl IntoIterator<Item = S>,
) -> Result<Called> {
    let mut command = command()?;
    command.envs(environment.iter().copied());
    called(command.args(arguments).output()?)
}

/// Runs `sealift decrypt` on these bytes, with this key and these arguments. The plaintext goes to standard output.
///
/// # Errors
/// Fails if `SEALIFT_TEST_SEALIFT` names no program.
pub fn decrypt<S: AsRef<OsStr>>(
    moto: Option<&Moto>,
    key: &WrappingKey,
    sealed: &[u8],
    arguments: impl IntoIterator<Item = S>,
) -> Result<Called> {
    let folder = tempfile::tempdir()?;
    let key_file = folder.path().join("key");
    let mut command = command()?;
    command.args(["decrypt", "-", "-o", "-"]);
    match key {
        WrappingKey::Kms(arn) => command.arg("--kms-key").arg(arn),
        WrappingKey::RawAes {
            namespace,
            name,
            bytes,
        } => {
            std::fs::write(&key_file, bytes)?;
            command.arg("--aes-key").arg(&key_file).args([
                "--key-namespace",
                namespace,
                "--key-name",
                name,
            ])
        }
    };
    if let Some(moto) = moto {
        command
            .env("AWS_ENDPOINT_URL_KMS", moto.endpoint())
            .env("AWS_REGION", Moto::REGION);
    }
    let mut process = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = process.stdin.take().context("no standard input")?;
    let sealed = sealed.to_vec();
    // The input comes from a thread, because the program may write plaintext before it has read everything,
    // or may end before that.
    let sending = std::thread::spawn(move || {
        let _ = stdin.write_all(&sealed);
    });
    let output = process.wait_with_output()?;
    let _ = sending.join();
    called(output)
}

/// Returns the program with nothing on its standard input.
///
/// # Errors
/// Fails if `SEALIFT_TEST_SEALIFT` names no program.
pub fn command() -> Result<Command> {
    let mut command = Command::new(programs::path_in("SEALIFT_TEST_SEALIFT")?);
    command.stdin(Stdio::null());
    Ok(command)
}

fn called(output: Output) -> Result<Called> {
    Ok(Called {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

//! What a person reads when it does not work: one plain sentence and the remedy.

use std::{io, process::ExitCode};

use anyhow::anyhow;
use sealift_server::{
    config::ConfigError, objects::embedded::EmbeddedError, telemetry::TelemetryError,
};

use crate::terminal;

/// Prints it; 2 where the configuration is wrong, else 1.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    terminal::note(&format!("sealift: {}", sentence(error)));
    let is_configuration = error.is::<ConfigError>()
        || matches!(error.downcast_ref(), Some(TelemetryError::Filter(_)));
    if is_configuration {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

/// A server that did not start; a taken port with the flag that changes it.
pub(crate) fn to_start(error: anyhow::Error, port: u16) -> anyhow::Error {
    for cause in error.chain() {
        if let Some(EmbeddedError::PortTaken(port)) = cause.downcast_ref() {
            return anyhow!(
                "port {port} is taken, which the object store wants; free it or choose another \
                 with --s3-port <PORT>"
            );
        }
        let taken = io::ErrorKind::AddrInUse;
        if cause.downcast_ref::<io::Error>().map(io::Error::kind) == Some(taken) {
            return anyhow!("port {port} is taken; free it or choose another with --port <PORT>");
        }
    }
    error
}

/// The error and its causes, each once.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !sentence.contains(&cause) {
            if !sentence.is_empty() {
                sentence.push_str(": ");
            }
            sentence.push_str(&cause);
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let error = Err::<(), _>(anyhow!("the disk is full"))
            .context("cannot write: the disk is full")
            .context("no key was made")
            .unwrap_err();
        assert_eq!(
            sentence(&error),
            "no key was made: cannot write: the disk is full"
        );
    }
}

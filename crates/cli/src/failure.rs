//! The failures that commands return. A person reads one plain sentence and the remedy; a program reads the exit code.

mod exit;
pub(crate) mod message;
mod server;

pub(crate) use exit::Exit;
pub(crate) use server::to_start;

use std::process::ExitCode;

use sealift_server::{config::ConfigError, telemetry::TelemetryError};

use crate::terminal;

/// A failure with its exit code and its remedy. Commands return it inside an `anyhow::Error`, which may add context.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    exit: Exit,
    /// The code for programs: the exit code's name, unless a finer code is known.
    code: String,
    message: String,
    remedy: Option<String>,
}

impl Failure {
    /// Makes a failure. The message is one sentence without a dot at the end.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: exit.name().to_owned(),
            message: message.into(),
            remedy: None,
        }
    }

    /// Adds what the person can do, as an imperative sentence without a dot.
    #[must_use]
    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }

    /// Sets a finer code than the exit code's name, such as a Problem's.
    #[must_use]
    pub(crate) fn code(self, code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            ..self
        }
    }
}

/// Prints an error and returns its exit code. With `json` it prints `{"error":{"code","message","remedy"}}`.
pub(crate) fn failed(error: &anyhow::Error, json: bool) -> ExitCode {
    let exit = exit_of(error);
    let failure = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>());
    let remedy = failure.and_then(|failure| failure.remedy.as_deref());
    let message = sentence(error);
    if json {
        let code = failure.map_or(exit.name(), |failure| &failure.code);
        let document = serde_json::json!({
            "error": { "code": code, "message": message, "remedy": remedy }
        });
        terminal::note(&document.to_string());
    } else {
        let remedy = remedy.map(|remedy| format!("; {remedy}"));
        terminal::note_wrapped(
            "sealift:",
            &format!("{message}{}", remedy.unwrap_or_default()),
        );
    }
    ExitCode::from(exit.number())
}

/// Returns the exit code of the first [`Failure`] in the error's chain; 2 if the configuration is wrong; otherwise 1.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    error
        .chain()
        .find_map(|cause| {
            if let Some(failure) = cause.downcast_ref::<Failure>() {
                Some(failure.exit)
            } else if cause.is::<ConfigError>()
                || matches!(cause.downcast_ref(), Some(TelemetryError::Filter(_)))
            {
                Some(Exit::Usage)
            } else {
                None
            }
        })
        .unwrap_or(Exit::Failed)
}

/// Joins the error and its causes to one sentence. A cause that it contains already is left out.
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
    use anyhow::{Context as _, anyhow};

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

    #[test]
    fn a_failure_keeps_its_exit_code_under_more_words() {
        let error = Err::<(), _>(Failure::new(Exit::NotFound, "there is no file a"))
            .context("nothing was downloaded")
            .unwrap_err();
        assert_eq!(exit_of(&error), Exit::NotFound);
        assert_eq!(exit_of(&anyhow!("anything")), Exit::Failed);
    }
}

//! The result of one check, and the sentence of an error.

use core::error::Error;

use serde::Serialize;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The name of the check, as in docs/DOCTOR.md.
    pub name: &'static str,
    /// The outcome.
    pub outcome: Outcome,
    /// The sentence about the result, without a dot at its end.
    pub sentence: String,
    /// The command, the setting or the policy line that mends it. `None` if nothing is to be mended.
    pub remedy: Option<String>,
}

/// The outcomes of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The deployment has what the check asks for.
    Ok,
    /// The server starts and works, but somebody should look at it.
    Warning,
    /// The server does not start, or a part of its work fails or is unsafe.
    Failed,
    /// The settings do not need it, the store does not have it, or it could not be asked.
    NotApplicable,
}

/// A check as the table in docs/DOCTOR.md describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The name, which never changes, because scripts depend on it.
    pub name: &'static str,
    /// The question, as a clause after "asks whether".
    pub asks: &'static str,
    /// The usual remedy.
    pub mends: &'static str,
}

impl Asked {
    pub(super) fn ok(self, sentence: impl Into<String>) -> Check {
        self.check(Outcome::Ok, sentence, None)
    }

    pub(super) fn not_applicable(self, sentence: impl Into<String>) -> Check {
        self.check(Outcome::NotApplicable, sentence, None)
    }

    pub(super) fn warning(self, sentence: impl Into<String>, remedy: impl Into<String>) -> Check {
        self.check(Outcome::Warning, sentence, Some(begun(&remedy.into())))
    }

    pub(super) fn failed(self, sentence: impl Into<String>, remedy: impl Into<String>) -> Check {
        self.check(Outcome::Failed, sentence, Some(begun(&remedy.into())))
    }

    /// Makes a failure of an error. Our errors read "sentence; remedy"; without a remedy of its own the error
    /// gets the usual one.
    pub(super) fn failed_by(self, error: &(dyn Error + 'static)) -> Check {
        let (sentence, remedy) = halves(error);
        self.failed(sentence, remedy.unwrap_or_else(|| self.mends.to_owned()))
    }

    /// Makes a warning of an error, like [`Asked::failed_by`].
    pub(super) fn warning_by(self, error: &(dyn Error + 'static)) -> Check {
        Check {
            outcome: Outcome::Warning,
            ..self.failed_by(error)
        }
    }

    fn check(self, outcome: Outcome, sentence: impl Into<String>, remedy: Option<String>) -> Check {
        Check {
            name: self.name,
            outcome,
            sentence: sentence.into(),
            remedy,
        }
    }
}

/// Splits an error in its sentence, with its innermost cause, and its remedy.
fn halves(error: &(dyn Error + 'static)) -> (String, Option<String>) {
    let text = error.to_string();
    let (sentence, remedy) = match text.split_once("; ") {
        Some((sentence, remedy)) => (sentence, Some(remedy.to_owned())),
        None => (text.as_str(), None),
    };
    let cause = core::iter::successors(error.source(), |&error| error.source()).last();
    let cause = cause.map(ToString::to_string);
    let sentence = match cause {
        Some(cause) if !text.contains(&cause) => format!("{} ({cause})", begun(sentence)),
        _ => begun(sentence),
    };
    (sentence, remedy)
}

/// Begins a sentence with a capital letter.
pub(super) fn begun(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked = Asked {
        name: "some",
        asks: "",
        mends: "Do the usual",
    };

    #[derive(Debug, thiserror::Error)]
    #[error("it is closed; open it")]
    struct Closed(#[source] std::io::Error);

    #[test]
    fn an_error_becomes_a_sentence_with_its_cause_and_a_remedy() {
        let check = ASKED.failed_by(&Closed(std::io::Error::other("no key")));
        assert_eq!(check.sentence, "It is closed (no key)");
        assert_eq!(check.remedy.as_deref(), Some("Open it"));
        let check = ASKED.warning_by(&std::io::Error::other("no key"));
        assert_eq!(check.outcome, Outcome::Warning);
        assert_eq!(check.remedy.as_deref(), Some("Do the usual"));
    }
}

//! Parses the command line into [`Args`], and keeps secrets out of the errors that are printed about it.

use clap::{
    Parser as _,
    error::{ContextKind, ContextValue, Error},
};

use sealift_transfer::api::TicketText;

use super::Args;

/// The beginning of every ticket. A share link that is given in the place of an id contains one.
const TICKET: &str = TicketText::MARK;

impl Args {
    /// Parses the arguments of this process. Ends the process if they are wrong or ask for help.
    pub(crate) fn parsed() -> Self {
        Self::try_parse().unwrap_or_else(|error| without_tickets(error).exit())
    }
}

/// Shortens every ticket in an error. clap repeats the values that it refuses, on a terminal that others can see
/// and in logs.
fn without_tickets(mut error: Error) -> Error {
    let said: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| Some((kind, shortened(value)?)))
        .collect();
    for (kind, value) in said {
        error.insert(kind, value);
    }
    error
}

fn shortened(value: &ContextValue) -> Option<ContextValue> {
    let short = |text: &String| match text.split_once(TICKET) {
        Some((before, _)) => format!("{before}{TICKET}…"),
        None => text.clone(),
    };
    match value {
        ContextValue::String(text) if text.contains(TICKET) => {
            Some(ContextValue::String(short(text)))
        }
        ContextValue::Strings(texts) if texts.iter().any(|text| text.contains(TICKET)) => {
            Some(ContextValue::Strings(texts.iter().map(short).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    const FILE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn a_tickets_secret_is_not_repeated_wherever_it_was_given() {
        let link = "https://files.example/files/abc#sealift_t_7xn3bomaig5hezg7uzc53skvvm_secret";
        for arguments in [
            &["sealift", "download", link][..],
            &["sealift", "files", "unshare", link],
            &["sealift", "files", "list", link],
            &["sealift", link],
            &["sealift", "files", "share", FILE, "--expires", link],
        ] {
            let error = Args::try_parse_from(arguments).unwrap_err();
            assert!(error.to_string().contains("secret"), "{error}");
            let said = without_tickets(error).to_string();
            assert!(!said.contains("secret"), "{said}");
            assert!(said.contains("sealift_t_…"), "{said}");
        }
    }
}

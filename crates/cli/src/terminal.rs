//! The only place that prints.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the room for it"
)]

use std::io::Write as _;

/// What was asked for.
pub(crate) fn say(text: &str) {
    println!("{text}");
    // A program that waits for the address reads it from a pipe.
    let _ = std::io::stdout().flush();
}

/// What happens beside it, or went wrong.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

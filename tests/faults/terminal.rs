//! The only place that prints.

#![expect(
    clippy::print_stdout,
    reason = "the run tells its figures on the standard output"
)]

use std::io::{Write as _, stderr};

/// One line.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// One line that says what went wrong.
pub(crate) fn complain(line: &str) {
    // Nothing can be done where even this fails.
    let _gone = writeln!(stderr(), "error: {line}");
}

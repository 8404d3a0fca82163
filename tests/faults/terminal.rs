//! The only module that prints.

#![expect(
    clippy::print_stdout,
    reason = "the run tells its figures on the standard output"
)]

use std::io::{Write as _, stderr};

/// Prints one line.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Prints one line about an error.
pub(crate) fn complain(line: &str) {
    // Nothing can be done if even this fails.
    let _gone = writeln!(stderr(), "error: {line}");
}

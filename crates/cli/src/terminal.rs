//! The only place that prints.

use std::io::{Write as _, stderr, stdout};

/// What was asked for. Where nobody reads any more there is nobody to tell.
pub(crate) fn say(text: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{text}");
    // A program that waits for the address reads it from a pipe.
    let _ = out.flush();
}

/// What happens beside it, or went wrong.
pub(crate) fn note(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}

//! Programs that are not part of the workspace. `cargo xtask test` installs them and sets variables with their paths.

use std::{env, path::PathBuf};

use anyhow::{Context as _, Result};

/// Returns the path that this variable holds.
///
/// # Errors
/// Fails if the variable is not set. A story without its program must fail; it is never skipped.
pub(crate) fn path_in(variable: &str) -> Result<PathBuf> {
    let path = env::var_os(variable).with_context(|| {
        format!("{variable} is not set; run `cargo xtask test --only stories`, which sets it")
    })?;
    Ok(path.into())
}

/// How often the start of a program is tried. A program chooses a free port and then binds it; in between,
/// another program can take it. chromedriver does so too, although it chooses by itself: it asks for a port
/// of IPv6 and then binds the same port of IPv4, which any connection of the machine may hold.
const ATTEMPTS: usize = 5;

/// Starts a program that listens on a port, again where another program took the port.
///
/// # Errors
/// Returns the last error of `start` if every attempt failed.
pub(crate) fn start_listening<T>(mut start: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        if let Ok(started) = start() {
            return Ok(started);
        }
    }
    start()
}

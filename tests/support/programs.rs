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

//! Programs that are not part of the workspace: `cargo xtask test` installs and names them.

use std::{env, path::PathBuf};

use anyhow::{Context as _, Result};

/// The path that this variable names.
///
/// # Errors
/// Where it is not set: a story that cannot be told fails, it is not skipped.
pub(crate) fn path_in(variable: &str) -> Result<PathBuf> {
    let path = env::var_os(variable).with_context(|| {
        format!("{variable} is not set; run `cargo xtask test --only stories`, which sets it")
    })?;
    Ok(path.into())
}

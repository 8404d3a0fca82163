//! Finds programs and runs them for short answers.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Returns the path of the program `name` on the PATH.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// Runs a command and returns its stdout, or `None` if the program is absent or fails.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let answer = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    answer
        .status
        .success()
        .then(|| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
}

/// Returns a command without the variables that cargo set for this program, because a child cargo must set its own.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if ours
            || [
                "CARGO",
                "CARGO_CRATE_NAME",
                "CARGO_PRIMARY_PACKAGE",
                "RUST_RECURSION_COUNT",
            ]
            .contains(&text)
        {
            command.env_remove(&name);
        }
    }
    command
}

/// Puts `folders` before everything else on the PATH of `command`.
pub(crate) fn with_path(
    command: &mut Command,
    folders: impl IntoIterator<Item = PathBuf>,
) -> &mut Command {
    let rest = env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = folders.into_iter().chain(env::split_paths(&rest)).collect();
    match env::join_paths(all) {
        Ok(path) => command.env("PATH", path),
        // A folder with a colon cannot be on a PATH. The tool is then searched on the old PATH.
        Err(_) => command,
    }
}

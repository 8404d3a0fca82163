//! Finding programs and asking them short questions.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where `name` is on the PATH.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// The standard output of a short question, or nothing where the program is absent or fails.
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

/// A command without what cargo told this program about its own package: a child cargo must choose for itself.
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

/// `command` with `folders` before everything else on its PATH.
pub(crate) fn with_path(
    command: &mut Command,
    folders: impl IntoIterator<Item = PathBuf>,
) -> &mut Command {
    let rest = env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = folders.into_iter().chain(env::split_paths(&rest)).collect();
    match env::join_paths(all) {
        Ok(path) => command.env("PATH", path),
        // A folder with a colon cannot be on a PATH: the tool is then looked for where it always was.
        Err(_) => command,
    }
}

//! Checks that some crates are named only in one room of the source, and that no file is too long.

use super::Bench;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The name of a crate, the only places whose sources may use it, and the reason.
struct Room {
    name: &'static str,
    only: &'static [&'static str],
    why: &'static str,
}

const ROOMS: [Room; 5] = [
    Room {
        name: "aws_sdk_s3",
        // The command line reads objects of any bucket without a server, but `Objects` knows only one of ours.
        only: &[
            "crates/server/src/objects",
            "crates/cli/src/message/s3_object",
        ],
        why: "errors and types of S3 stay behind Objects",
    },
    Room {
        name: "aws_sdk_kms",
        only: &["crates/keyring/src/kms"],
        why: "errors and types of KMS stay behind Keyring",
    },
    Room {
        name: "aws_sdk_sts",
        only: &["crates/server/src/doctor/credentials.rs"],
        why: "only the doctor asks who the credentials belong to",
    },
    Room {
        name: "aes_gcm",
        only: &["crates/message/src/aead"],
        why: "one place calls an AES crate",
    },
    Room {
        name: "aws_lc_rs",
        only: &[
            "crates/message/src/aead",
            "crates/message/src/general/signature.rs",
        ],
        why: "one place calls an AES crate, and one checks signatures",
    },
];

/// The most lines of a file, because a longer file has more than one subject.
const MOST_LINES: usize = 400;
const MOST_ARCHITECTURE_LINES: usize = 150;

pub(super) fn check(bench: &Bench<'_>, faults: &mut Vec<String>) -> Result<()> {
    let root = &bench.workshop.root;
    for folder in ["crates", "tests", "web"] {
        for path in sources(&root.join(folder))? {
            let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
            check_file(&name, &text, faults);
        }
    }
    match fs::read_to_string(root.join("ARCHITECTURE.md")) {
        Ok(text) if text.lines().count() <= MOST_ARCHITECTURE_LINES => {}
        Ok(text) => faults.push(format!(
            "ARCHITECTURE.md has {} lines; {MOST_ARCHITECTURE_LINES} is the most that people read",
            text.lines().count()
        )),
        Err(_) => faults.push("ARCHITECTURE.md is missing".into()),
    }
    Ok(())
}

fn check_file(name: &str, text: &str, faults: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > MOST_LINES {
        faults.push(format!(
            "{name} has {lines} lines; {MOST_LINES} is the most"
        ));
    }
    let shipped =
        name.ends_with(".rs") && name.contains("/src/") && !name.starts_with("crates/xtask/");
    for room in ROOMS
        .iter()
        .filter(|room| shipped && !room.only.iter().any(|place| name.starts_with(place)))
    {
        if let Some(at) = text.lines().position(|line| names(line, room.name)) {
            faults.push(format!(
                "{name}:{} names {}: {}",
                at + 1,
                room.name,
                room.why
            ));
        }
    }
}

/// Returns whether a line of code names the crate, as in `aws_sdk_s3::..` or `use aws_sdk_s3`. A comment does not
/// count, and neither does our own module of that name.
fn names(line: &str, crate_name: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("//") {
        return false;
    }
    line.match_indices(crate_name).any(|(at, _)| {
        let (before, rest) = line.split_at(at);
        let after = rest.get(crate_name.len()..).unwrap_or_default();
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        whole
            && (after.starts_with("::")
                || (before.ends_with("use ") && after.starts_with([';', ' '])))
    })
}

pub(super) fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in
            fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?
        {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir()
                && !["target", "pkg", "node_modules", "vectors"].contains(&name.as_str())
            {
                folders.push(path);
            } else if [".rs", ".js", ".css", ".html", ".md"]
                .iter()
                .any(|ending| name.ends_with(ending))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{check_file, names};

    #[test]
    fn a_crate_named_outside_its_room_is_found() {
        let mut faults = Vec::new();
        check_file(
            "crates/server/src/routes/open.rs",
            "fn f() {}\nuse aws_sdk_s3::Client;\n",
            &mut faults,
        );
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("crates/server/src/routes/open.rs:2 names aws_sdk_s3"));
        faults.clear();
        check_file(
            "crates/server/src/objects/s3.rs",
            "use aws_sdk_s3::Client;\n",
            &mut faults,
        );
        check_file(
            "crates/server/tests/presign.rs",
            "use aws_sdk_s3::Client;\n",
            &mut faults,
        );
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn comments_and_our_own_modules_of_that_name_are_not_the_crate() {
        assert!(names("    let k = aes_gcm::Aes256Gcm::new();", "aes_gcm"));
        assert!(names("pub use aes_gcm as backend;", "aes_gcm"));
        assert!(!names("/// as aes_gcm::Aes256Gcm does", "aes_gcm"));
        assert!(!names("mod aes_gcm;", "aes_gcm"));
        assert!(!names("use crate::aead::aes_gcm::seal;", "aes_gcm"));
    }

    #[test]
    fn a_long_file_is_found() {
        let mut faults = Vec::new();
        check_file("web/page.js", &"x\n".repeat(401), &mut faults);
        assert_eq!(faults, ["web/page.js has 401 lines; 400 is the most"]);
    }
}

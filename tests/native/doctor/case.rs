//! A set-up for the doctor, with the checks that it expects. Every other check must pass or not apply.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use sealift_server::doctor::CHECKS;
use sealift_tests::sealift::sealift_with;
use serde::Deserialize;
use tokio::{sync::Semaphore, task::JoinSet};

/// The number of doctors at once. More of them only wait for each other on two cores.
const AT_ONCE: usize = 3;

/// The file in the place of the database.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept {
    Good,
    Newer,
    Garbage,
}

/// The outcome, a part of the sentence, and a part of the remedy.
type Expected = (&'static str, &'static str, &'static str);

#[derive(Debug, Clone)]
pub(super) struct Case {
    about: &'static str,
    env: BTreeMap<&'static str, String>,
    arguments: Vec<String>,
    database: Option<(PathBuf, Kept, u32)>,
    folder_mode: u32,
    key_file_mode: Option<u32>,
    expected: BTreeMap<&'static str, Expected>,
    /// Checks that fail or warn, too.
    also: Vec<&'static str>,
    /// The checks that do not apply, if all others must pass.
    unneeded: Option<&'static [&'static str]>,
}

#[derive(Debug, Deserialize)]
struct Document {
    failed: usize,
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
struct Check {
    name: String,
    outcome: String,
    sentence: String,
    remedy: Option<String>,
}

impl Case {
    pub(super) fn new(about: &'static str, database: Option<&Path>) -> Self {
        Self {
            about,
            env: BTreeMap::new(),
            arguments: Vec::new(),
            database: database.map(|path| (path.to_owned(), Kept::Good, 0o600)),
            folder_mode: 0o700,
            key_file_mode: None,
            expected: BTreeMap::new(),
            also: Vec::new(),
            unneeded: None,
        }
    }

    pub(super) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.insert(name, value.to_owned());
        self
    }

    pub(super) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    pub(super) fn database(mut self, kept: Kept, mode: u32) -> Self {
        self.database = self.database.map(|(path, _, _)| (path, kept, mode));
        self
    }

    pub(super) fn folder_mode(mut self, mode: u32) -> Self {
        self.folder_mode = mode;
        self
    }

    pub(super) fn key_file_mode(mut self, mode: u32) -> Self {
        self.key_file_mode = Some(mode);
        self
    }

    pub(super) fn fails(self, name: &'static str, says: &'static str, mends: &'static str) -> Self {
        self.expects(name, ("failed", says, mends))
    }

    pub(super) fn warns(self, name: &'static str, says: &'static str, mends: &'static str) -> Self {
        self.expects(name, ("warning", says, mends))
    }

    pub(super) fn passes(self, name: &'static str, says: &'static str) -> Self {
        self.expects(name, ("ok", says, ""))
    }

    pub(super) fn skips(self, name: &'static str, says: &'static str) -> Self {
        self.expects(name, ("not_applicable", says, ""))
    }

    pub(super) fn and(mut self, name: &'static str) -> Self {
        self.also.push(name);
        self
    }

    /// Expects that exactly these checks do not apply, and that all others pass.
    pub(super) fn passes_all_but(mut self, unneeded: &'static [&'static str]) -> Self {
        self.unneeded = Some(unneeded);
        self
    }

    /// Expects that moto's S3 names some of its answers otherwise than S3 does, so that nobody understands them.
    pub(super) fn and_what_moto_says_otherwise(self) -> Self {
        self.and("s3:ListMultipartUploadParts")
            .and("right-body")
            .and("unequal-parts")
            .and("versions")
    }

    fn expects(mut self, name: &'static str, expected: Expected) -> Self {
        self.expected.insert(name, expected);
        self
    }

    /// Lays the files out, runs the program, and compares its checks.
    fn run(&self) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let (data, keys) = (folder.path().join("data"), folder.path().join("keys"));
        if let Some((path, kept, mode)) = &self.database {
            fs::create_dir(&data)?;
            let database = data.join("sealift.sqlite");
            match kept {
                Kept::Good => fs::copy(path, &database)?,
                Kept::Newer => fs::copy(path.with_extension("newer"), &database)?,
                Kept::Garbage => {
                    fs::write(&database, "no database".repeat(100))?;
                    0
                }
            };
            fs::set_permissions(&database, Permissions::from_mode(*mode))?;
            fs::set_permissions(&data, Permissions::from_mode(self.folder_mode))?;
        }
        let key_file = keys.join("sealift.key");
        if let Some(mode) = self.key_file_mode {
            fs::create_dir(&keys)?;
            fs::write(&key_file, [7; 32])?;
            fs::set_permissions(&key_file, Permissions::from_mode(mode))?;
        }
        let [data_text, key_text] = [&data, &key_file].map(|path| path.display().to_string());
        let mut env = vec![
            ("SEALIFT_DATA_DIR", data_text.as_str()),
            ("SEALIFT_KEY_FILE", key_text.as_str()),
            // The tests may run where there is little memory.
            ("SEALIFT_LIMIT_ALL_READS", "1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        env.extend(self.env.iter().map(|(name, value)| (*name, value.as_str())));
        let before = listed(folder.path())?;
        let arguments = ["doctor", "--json"].into_iter();
        let called = sealift_with(
            &env,
            arguments.chain(self.arguments.iter().map(String::as_str)),
        )?;
        ensure!(listed(folder.path())? == before, "the doctor made a file");
        let document = serde_json::from_slice::<Document>(&called.stdout);
        let document = document.with_context(|| called.stderr.clone())?;
        let code = i32::from(document.failed > 0);
        ensure!(called.code == Some(code), "exit code {:?}", called.code);
        self.compare(&document)
    }

    fn compare(&self, document: &Document) -> Result<()> {
        for (name, (outcome, says, mends)) in &self.expected {
            let check = document.checks.iter().find(|check| check.name == *name);
            let check = check.with_context(|| format!("there is no check {name}"))?;
            let remedy = check.remedy.as_deref().unwrap_or_default();
            let mends_it = remedy.to_lowercase().contains(&mends.to_lowercase());
            let is_right = check.outcome == *outcome && check.sentence.contains(says) && mends_it;
            ensure!(is_right, "{check:#?}");
        }
        // Unreadable settings end the run.
        let is_whole = document.checks.len() > 2;
        let names: Vec<_> = document
            .checks
            .iter()
            .map(|check| check.name.as_str())
            .collect();
        let all: Vec<_> = CHECKS.iter().map(|check| check.name).collect();
        ensure!(!is_whole || names == all, "{names:?}");
        for check in &document.checks {
            let name = check.name.as_str();
            let is_expected = self.expected.contains_key(name) || self.also.contains(&name);
            // The disk of the machine that runs the tests is none of theirs.
            let is_fine = ["ok", "not_applicable"].contains(&check.outcome.as_str());
            ensure!(is_fine || is_expected || name == "disk-space", "{check:#?}");
            if let Some(unneeded) = self.unneeded {
                let is_unneeded = check.outcome == "not_applicable";
                ensure!(unneeded.contains(&name) == is_unneeded, "{check:#?}");
            }
        }
        Ok(())
    }
}

/// Lists every file below a folder.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(listed(&path)?);
        }
        found.push(path);
    }
    found.sort();
    Ok(found)
}

/// Runs all cases and reports every one that differs.
pub(super) async fn all_as_expected(cases: Vec<Case>) -> Result<()> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for case in cases {
        let permit = permits.clone().acquire_owned().await?;
        running.spawn_blocking(move || {
            let _permit = permit;
            case.run().with_context(|| case.about)
        });
    }
    let mut wrong = Vec::new();
    while let Some(ran) = running.join_next().await {
        wrong.extend(ran?.err().map(|error| format!("{error:#}")));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    Ok(())
}

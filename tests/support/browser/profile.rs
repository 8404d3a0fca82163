//! A browser's profile, which a story can keep from one start to the next.

use anyhow::Result;
use fantoccini::wd::Capabilities;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{BrowserKind, programs};

/// A browser's profile folder and download folder. Dropping this value deletes both.
#[derive(Debug)]
pub struct Profile {
    pub(super) kind: BrowserKind,
    folder: TempDir,
    pub(super) downloads: TempDir,
}

impl Profile {
    /// Makes the profile of a person who never started this browser.
    ///
    /// # Errors
    /// Fails if no temporary folder can be created.
    pub fn empty(kind: BrowserKind) -> Result<Self> {
        Ok(Self {
            kind,
            folder: tempfile::tempdir()?,
            downloads: tempfile::tempdir()?,
        })
    }

    /// Returns the WebDriver capabilities with which the driver starts the browser.
    pub(super) fn capabilities(&self) -> Result<Capabilities> {
        let capabilities = match self.kind {
            BrowserKind::Chromium => self.chromium()?,
            BrowserKind::Firefox => self.firefox()?,
        };
        Ok(capabilities.as_object().cloned().unwrap_or_default())
    }

    fn chromium(&self) -> Result<Value> {
        Ok(json!({
            "goog:chromeOptions": {
                "binary": programs::path_in("SEALIFT_TEST_CHROMIUM")?,
                "args": [
                    "--headless=new",
                    // The sandbox does not work as root, and /dev/shm is small; both are usual in containers.
                    "--no-sandbox",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    format!("--user-data-dir={}", self.folder.path().display()),
                ],
                "prefs": { "download.default_directory": self.downloads.path() },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        }))
    }

    fn firefox(&self) -> Result<Value> {
        Ok(json!({
            "moz:firefoxOptions": {
                "binary": programs::path_in("SEALIFT_TEST_FIREFOX")?,
                "args": ["-headless", "-profile", self.folder.path()],
                "prefs": {
                    // Firefox saves downloads into this folder without asking.
                    "browser.download.folderList": 2,
                    "browser.download.dir": self.downloads.path(),
                    // When Firefox is offline, it must not reach this machine either.
                    "network.dns.offline-localhost": false,
                },
            },
        }))
    }
}

//! What a browser keeps from one start to the next.

use anyhow::Result;
use fantoccini::wd::Capabilities;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{BrowserKind, programs};

/// A browser's folder. It is there as long as this.
#[derive(Debug)]
pub struct Profile {
    pub(super) kind: BrowserKind,
    folder: TempDir,
    pub(super) downloads: TempDir,
}

impl Profile {
    /// As a person finds it who never started this browser.
    ///
    /// # Errors
    /// Where there is no room for temporary files.
    pub fn empty(kind: BrowserKind) -> Result<Self> {
        Ok(Self {
            kind,
            folder: tempfile::tempdir()?,
            downloads: tempfile::tempdir()?,
        })
    }

    /// How the driver is to start it.
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
                    // Containers run as root and have a small /dev/shm.
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
                    // Into this folder, without a question.
                    "browser.download.folderList": 2,
                    "browser.download.dir": self.downloads.path(),
                    // Offline, even this machine is out of reach.
                    "network.dns.offline-localhost": false,
                },
            },
        }))
    }
}

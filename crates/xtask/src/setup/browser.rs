//! Chromium and the driver that fits it.

use super::debian;
use crate::programs;
use crate::timed::timed;
use crate::workshop::Workshop;
use anyhow::{Result, bail};
use std::path::PathBuf;

/// A browser that tests can drive.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Browser {
    pub(crate) fn find() -> Option<Self> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(programs::find)?;
        Some(Self {
            chromium,
            driver: programs::find("chromedriver")?,
        })
    }
}

/// Finds the browser or installs it.
pub(crate) fn ready(workshop: &Workshop) -> Result<Browser> {
    if let Some(browser) = Browser::find() {
        return Ok(browser);
    }
    timed(workshop, "set up Chromium", |log| {
        debian::install(log, &["chromium", "chromium-driver"])
    })
    .result?;
    match Browser::find() {
        Some(browser) => Ok(browser),
        None => bail!("no chromium and chromedriver on the PATH; install both, then start again"),
    }
}

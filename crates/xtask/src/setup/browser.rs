//! Finds or installs the browsers that tests drive.

use super::debian;
use crate::programs;
use crate::timed::timed;
use crate::workshop::Workshop;
use anyhow::{Result, bail};
use std::path::PathBuf;

/// Chromium and the driver that fits it.
pub(crate) struct Chromium {
    pub(crate) program: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Chromium {
    pub(crate) fn find() -> Option<Self> {
        let program = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(programs::find)?;
        Some(Self {
            program,
            driver: programs::find("chromedriver")?,
        })
    }
}

/// Finds Chromium and its driver or installs them.
pub(crate) fn chromium_ready(workshop: &Workshop) -> Result<Chromium> {
    if let Some(chromium) = Chromium::find() {
        return Ok(chromium);
    }
    timed(workshop, "set up Chromium", |log| {
        debian::install(log, &["chromium", "chromium-driver"])
    })
    .result?;
    match Chromium::find() {
        Some(chromium) => Ok(chromium),
        None => bail!("no chromium and chromedriver on the PATH; install both, then start again"),
    }
}

/// Returns the path of Firefox. Its driver is separate, because geckodriver drives every version of Firefox.
pub(crate) fn find_firefox() -> Option<PathBuf> {
    ["firefox-esr", "firefox"]
        .into_iter()
        .find_map(programs::find)
}

/// Finds Firefox or installs it.
pub(crate) fn firefox_ready(workshop: &Workshop) -> Result<PathBuf> {
    if let Some(firefox) = find_firefox() {
        return Ok(firefox);
    }
    timed(workshop, "set up Firefox", |log| {
        debian::install(log, &["firefox-esr"])
    })
    .result?;
    match find_firefox() {
        Some(firefox) => Ok(firefox),
        None => bail!("no firefox-esr or firefox on the PATH; install one, then start again"),
    }
}

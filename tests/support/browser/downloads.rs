//! Reads the state of downloads from Chromium's own download list.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Browser;

/// Calls back with the state of the newest download once that download has ended.
const ENDED: &str = "const report = arguments[arguments.length - 1];
const look = () => {
    const list = document.querySelector('downloads-manager')?.shadowRoot;
    const item = list?.querySelector('downloads-item')?.data;
    const ended = ['Complete', 'Interrupted', 'Cancelled'];
    const names = { 0: 'InProgress', 1: 'Cancelled', 2: 'Complete', 3: 'Paused', 5: 'Interrupted' };
    const state = names[item?.state] ?? item?.state;
    if (ended.includes(state)) report(state); else setTimeout(look, 100);
};
look();";

impl Browser {
    /// Returns how the newest download ended according to the browser's own list: `Complete`, `Interrupted` or
    /// `Cancelled`. This navigates from the page to that list.
    ///
    /// # Errors
    /// Fails if no download ends.
    pub async fn end_of_download(&self) -> Result<String> {
        self.client.goto("chrome://downloads").await?;
        let state: Value = self.client.execute_async(ENDED, Vec::new()).await?;
        let state = state.as_str().context("the download has no state")?;
        Ok(state.to_owned())
    }

    /// Returns whether the download folder has a file of that name. Unfinished downloads have other names.
    #[must_use]
    pub fn has_downloaded(&self, name: &str) -> bool {
        self.profile.downloads.path().join(name).exists()
    }
}

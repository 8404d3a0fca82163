//! What Chromium itself says of its downloads.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Browser;

/// Calls back with the state of the newest download once it is neither under way nor about to be.
const ENDED: &str = "const told = arguments[arguments.length - 1];
const look = () => {
    const list = document.querySelector('downloads-manager')?.shadowRoot;
    const item = list?.querySelector('downloads-item')?.data;
    const ended = ['Complete', 'Interrupted', 'Cancelled'];
    const names = { 0: 'InProgress', 1: 'Cancelled', 2: 'Complete', 3: 'Paused', 5: 'Interrupted' };
    const state = names[item?.state] ?? item?.state;
    if (ended.includes(state)) told(state); else setTimeout(look, 100);
};
look();";

impl Browser {
    /// How the newest download ended, as the browser's own list has it: `Complete`, `Interrupted` or
    /// `Cancelled`. Leaves the page for that list.
    ///
    /// # Errors
    /// Where there is none that ends.
    pub async fn end_of_download(&self) -> Result<String> {
        self.client.goto("chrome://downloads").await?;
        let told: Value = self.client.execute_async(ENDED, Vec::new()).await?;
        let state = told.as_str().context("a download without a state")?;
        Ok(state.to_owned())
    }

    /// Whether the folder of downloads has a file of that name: unfinished ones have others.
    #[must_use]
    pub fn has_downloaded(&self, name: &str) -> bool {
        self.profile.downloads.path().join(name).exists()
    }
}

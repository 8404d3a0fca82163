//! Uploads that began on an earlier visit.

use std::path::Path;

use anyhow::{Context as _, Result};
use sealift_transfer::api::UploadId;
use serde_json::json;

use super::Page;

/// Suppresses the file dialog. It does not open in a page that a driver controls; the driver fills the input instead.
const KEEP_DIALOGS_SHUT: &str = "
if (window.dialogsAreShut) return;
window.dialogsAreShut = true;
window.addEventListener('click', event => {
    if (event.target.type !== 'file') return;
    event.preventDefault();
    event.stopImmediatePropagation();
}, { capture: true });
";

/// Marks the page when it would have opened the file dialog.
const NOTE_DIALOG: &str = "
const input = document.querySelector('input#again');
input.click = () => document.body.setAttribute('data-dialog', '');
";

/// Copies the file of an input into the browser's own file system, whose handles are like those of the disk, and makes
/// the page's dialog return the handle of the copy.
const OFFER_HANDLE: &str = "
const [input, done] = arguments;
const keep = async () => {
    const [file] = input.files;
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle(file.name, { create: true });
    await file.stream().pipeTo(await handle.createWritable());
    input.remove();
    globalThis.showOpenFilePicker = async () => [handle];
};
keep().then(() => done(null), error => done(`${error}`));
";

/// Records each state of every row.
const RECORD: &str = "
const passed = window.passedStates = new Map();
const record = () => {
    for (const row of document.querySelectorAll('li.file')) {
        const name = row.querySelector('.file-name').textContent;
        const states = passed.get(name) ?? [];
        if (states.at(-1) !== row.dataset.state) states.push(row.dataset.state);
        passed.set(name, states);
    }
};
const watch = { subtree: true, childList: true, attributeFilter: ['data-state'] };
new MutationObserver(record).observe(document, watch);
";

/// Calls back with the number of file handles that the page keeps.
const KEPT: &str = "
const [done] = arguments;
const opening = indexedDB.open('sealift');
opening.onerror = () => done('no database');
opening.onsuccess = () => {
    const database = opening.result;
    const counting = database.transaction('handles').objectStore('handles').count();
    counting.onsuccess = () => done(counting.result);
};
";

impl Page {
    /// Starts to record each state of every row.
    ///
    /// # Errors
    /// Fails if the page does not answer.
    pub async fn record_states(&self) -> Result<()> {
        self.run(RECORD, vec![]).await?;
        Ok(())
    }

    /// Returns the recorded states of the row of that name.
    ///
    /// # Errors
    /// Fails if no states were recorded.
    pub async fn states(&self, name: &str) -> Result<Vec<String>> {
        let read = "return window.passedStates.get(arguments[0]);";
        Ok(serde_json::from_value(
            self.run(read, vec![json!(name)]).await?,
        )?)
    }

    /// Returns the number of file handles that the page keeps.
    ///
    /// # Errors
    /// Fails if the page never kept any.
    pub async fn kept_handles(&self) -> Result<u64> {
        let kept = self.ask(KEPT, vec![]).await?;
        kept.as_u64().with_context(|| format!("no handles: {kept}"))
    }

    /// Waits until the page lists an unfinished upload and returns its id.
    ///
    /// # Errors
    /// Fails if it lists none.
    pub async fn listed_upload(&self) -> Result<UploadId> {
        let listed = self.shows("#unfinished [data-upload-id]").await?;
        let id = listed.attr("data-upload-id").await?;
        Ok(id.context("a listed upload has an id")?.parse()?)
    }

    /// Clicks the element that `part` matches within the listed upload.
    ///
    /// # Errors
    /// Fails if no upload is listed, or if the button is hidden.
    pub async fn press_in_listed(&self, part: &str) -> Result<()> {
        let button = format!("#unfinished [data-upload-id] {part}");
        Ok(self.shows(&button).await?.click().await?)
    }

    /// Chooses the file of the listed upload again.
    ///
    /// # Errors
    /// Fails if no upload is listed.
    pub async fn choose_again(&self, file: &Path) -> Result<()> {
        self.run(KEEP_DIALOGS_SHUT, vec![]).await?;
        self.press_in_listed(".choose-again").await?;
        self.answer_dialog("input#again", &[file]).await
    }

    /// Chooses another file for a row.
    ///
    /// # Errors
    /// Fails if the row does not offer it.
    pub async fn choose_again_in_row(&self, name: &str, file: &Path) -> Result<()> {
        self.run(KEEP_DIALOGS_SHUT, vec![]).await?;
        self.press_in_row(name, ".choose-again").await?;
        self.answer_dialog("input#again", &[file]).await
    }

    /// Starts a row's upload again from the beginning, for which the file must be chosen again.
    ///
    /// # Errors
    /// Fails if the row does not offer it, or does not ask for a file.
    pub async fn start_anew_with(&self, name: &str, file: &Path) -> Result<()> {
        self.run(KEEP_DIALOGS_SHUT, vec![]).await?;
        self.run(NOTE_DIALOG, vec![]).await?;
        self.press_in_row(name, ".start-anew").await?;
        self.shows("body[data-dialog]").await?;
        self.answer_dialog("input#again", &[file]).await
    }

    /// Chooses a file for the listed upload as [`Self::choose_with_handle`] does.
    ///
    /// # Errors
    /// Fails if no upload is listed.
    pub async fn choose_with_handle_in_listed(&self, file: &Path) -> Result<()> {
        self.offer_handle(file).await?;
        self.press_in_listed(".choose-again").await
    }

    /// Chooses a file as in browsers that let the page keep a file handle (Chromium only).
    ///
    /// # Errors
    /// Fails if the browser has no file handles.
    pub async fn choose_with_handle(&self, file: &Path) -> Result<()> {
        self.offer_handle(file).await?;
        // A driver refuses to click an element that opens a dialog.
        self.press_on("input#files").await
    }

    async fn offer_handle(&self, file: &Path) -> Result<()> {
        let add_input = "const input = document.createElement('input');
            input.type = 'file';
            input.id = 'story';
            document.body.append(input);
            return input;";
        let input = self.run(add_input, vec![]).await?;
        self.answer_dialog("input#story", &[file]).await?;
        let refused = self.ask(OFFER_HANDLE, vec![input]).await?;
        anyhow::ensure!(refused == json!(null), "no handle: {refused}");
        Ok(())
    }
}

//! The page of one file, `/files/{id}`.

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use fantoccini::elements::Element;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Page;
use crate::BrowserKind;

/// The open page of one file.
#[derive(Debug)]
pub struct FilePage {
    /// The functions that all pages share.
    pub page: Page,
    kind: BrowserKind,
}

/// The name of the file that [`FilePage::offer_dialog`] offers to save to.
const PLACE: &str = "picked";

/// Replaces the save dialog by one that returns a file of the browser's own file system. Its handles are like those of
/// the disk. The replacement is necessary because no driver can answer the real dialog.
const OFFER_PLACE: &str = "
const [name, done] = arguments;
globalThis.showSaveFilePicker = async ({ suggestedName }) => {
    globalThis.suggestedName = suggestedName;
    const root = await navigator.storage.getDirectory();
    return root.getFileHandle(name, { create: true });
};
done();
";

/// Returns length and SHA-256 of the saved file, or null if there is none.
const SAVED: &str = "
const [name, done] = arguments;
const read = async () => {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle(name).catch(() => undefined);
    if (!handle) return null;
    const bytes = await (await handle.getFile()).arrayBuffer();
    const digest = await crypto.subtle.digest('SHA-256', bytes);
    return [bytes.byteLength, [...new Uint8Array(digest)]];
};
read().then(done, error => done(`${error}`));
";

/// Lists all names in the browser's own file system. If the first argument is true, it first waits for the end of every
/// worker that has a folder there.
const KEPT: &str = "
const [afterwards, done] = arguments;
const ended = async root => {
    const all = await root.getDirectoryHandle('sealift-parts', { create: true });
    for await (const name of all.keys()) await navigator.locks.request(`sealift-parts-${name}`, () => {});
};
const list = async (folder, path) => {
    const names = [];
    for await (const one of folder.values()) {
        if (one.kind === 'file') names.push(path + one.name);
        else names.push(...await list(one, `${path}${one.name}/`));
    }
    return names;
};
navigator.storage.getDirectory()
    .then(async root => {
        if (afterwards) await ended(root);
        return list(root, '');
    })
    .then(done, error => done([`${error}`]));
";

/// Creates the files that a page leaves behind when its browser crashes.
const LEFT: &str = "
const [done] = arguments;
const leave = async () => {
    const root = await navigator.storage.getDirectory();
    const all = await root.getDirectoryHandle('sealift-parts', { create: true });
    const folder = await all.getDirectoryHandle('crashed', { create: true });
    await folder.getFileHandle('plaintext', { create: true });
};
leave().then(() => done(null), error => done(`${error}`));
";

/// Calls back once the files that a crash left behind are gone.
const SWEPT: &str = "
const [done] = arguments;
const look = async () => {
    const root = await navigator.storage.getDirectory();
    const all = await root.getDirectoryHandle('sealift-parts', { create: true });
    const names = [];
    for await (const name of all.keys()) names.push(name);
    if (names.includes('crashed')) setTimeout(look, 20);
    else done(null);
};
look();
";

impl FilePage {
    /// Wraps the page in whatever state it is.
    pub(crate) fn of(page: Page, kind: BrowserKind) -> Self {
        Self { page, kind }
    }

    /// Waits until the page is in this state; docs/PAGE.md lists the states.
    ///
    /// # Errors
    /// Fails if the page never is in this state.
    pub async fn comes_to(&self, state: &str) -> Result<()> {
        let selector = format!("main[data-state={state}]");
        let shown = self.page.shows(&selector).await;
        if let Err(error) = shown {
            let text = self.text("main").await?;
            return Err(error).with_context(|| format!("the page shows {text:?}"));
        }
        Ok(())
    }

    /// Returns the text of the element that `part` (a CSS selector) matches.
    ///
    /// # Errors
    /// Fails if there is none.
    pub async fn text(&self, part: &str) -> Result<String> {
        let script = "return document.querySelector(arguments[0]).innerText;";
        let text = self.page.run(script, vec![json!(part)]).await?;
        Ok(text.as_str().context("no text")?.to_owned())
    }

    /// Waits until `part` (a CSS selector) matches an element and clicks it.
    ///
    /// # Errors
    /// Fails if there is none, or if it cannot be clicked.
    pub async fn press(&self, part: &str) -> Result<()> {
        Ok(self.page.shows(part).await?.click().await?)
    }

    /// Waits until the page shows a failure and returns its code.
    ///
    /// # Errors
    /// Fails if it shows none.
    pub async fn problem_code(&self) -> Result<String> {
        let code: Element = self
            .page
            .shows("#problem-facts:not([hidden]) .problem-code")
            .await?;
        Ok(code.text().await?)
    }

    /// Prepares the save dialog to offer a file, if the browser is one that shows this dialog.
    ///
    /// # Errors
    /// Fails if the page does not answer.
    pub async fn offer_dialog(&self) -> Result<()> {
        if self.kind == BrowserKind::Chromium {
            self.page.ask(OFFER_PLACE, vec![json!(PLACE)]).await?;
        }
        Ok(())
    }

    /// Makes the save dialog stay open as if nobody answered it (Chromium only).
    ///
    /// # Errors
    /// Fails if the page does not answer.
    pub async fn leave_dialog_open(&self) -> Result<()> {
        let open = "globalThis.showSaveFilePicker = () => new Promise(() => {});";
        self.page.run(open, vec![]).await?;
        Ok(())
    }

    /// Returns whether the offered file holds exactly these bytes (Chromium only).
    ///
    /// # Errors
    /// Fails if the browser does not answer, or if it is not Chromium.
    pub async fn saved(&self, expected: &Bytes) -> Result<bool> {
        ensure!(
            self.kind == BrowserKind::Chromium,
            "only Chromium asks for a place"
        );
        let saved = self.page.ask(SAVED, vec![json!(PLACE)]).await?;
        let digest: Vec<u8> = Sha256::digest(expected).to_vec();
        Ok(saved == json!([expected.len(), digest]))
    }

    /// Returns the file name that the page suggested in the last save dialog.
    ///
    /// # Errors
    /// Fails if the page showed no save dialog.
    pub async fn suggested_name(&self) -> Result<String> {
        let name = self.page.run("return suggestedName;", vec![]).await?;
        Ok(name.as_str().context("no name")?.to_owned())
    }

    /// Returns the names of all files that this site keeps in the browser's own file system.
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn kept(&self) -> Result<Vec<String>> {
        self.page.kept(false).await
    }
}

impl Page {
    /// Returns the names of all files that this site keeps in the browser's own file system. With `afterwards` it first
    /// waits until the workers of all pages have ended.
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn kept(&self, afterwards: bool) -> Result<Vec<String>> {
        let kept = self.ask(KEPT, vec![json!(afterwards)]).await?;
        Ok(serde_json::from_value(kept)?)
    }

    /// Creates a file there as a crashed browser leaves it behind.
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn leave_file_of_a_crash(&self) -> Result<()> {
        let left = self.ask(LEFT, vec![]).await?;
        ensure!(left.is_null(), "{left}");
        Ok(())
    }

    /// Waits until the page has deleted that file.
    ///
    /// # Errors
    /// Fails if the file stays.
    pub async fn file_of_a_crash_is_deleted(&self) -> Result<()> {
        self.ask(SWEPT, vec![]).await?;
        Ok(())
    }
}

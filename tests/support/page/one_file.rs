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
    /// What is the same on every page.
    pub page: Page,
    kind: BrowserKind,
}

/// The name of the place that [`FilePage::offer_place`] offers.
const PLACE: &str = "picked";

/// Lets the dialog that asks where to save give a file of the browser's own file system, whose
/// handles are like those of the disk; no driver answers the dialog itself.
const OFFER_PLACE: &str = "
const [name, done] = arguments;
globalThis.showSaveFilePicker = async ({ suggestedName }) => {
    globalThis.suggestedName = suggestedName;
    const root = await navigator.storage.getDirectory();
    return root.getFileHandle(name, { create: true });
};
done();
";

/// Length and SHA-256 of what lies at the place; null where nothing does.
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

/// The names of all that lies in the browser's own file system. The first argument says whether to wait
/// for the end of every worker that has a folder there.
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

/// Leaves what a page leaves whose browser crashed.
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

/// Calls back once nothing is there any more that a crash left.
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
    /// At whatever it shows first.
    pub(crate) fn of(page: Page, kind: BrowserKind) -> Self {
        Self { page, kind }
    }

    /// As soon as it is in this state; docs/PAGE.md lists them.
    ///
    /// # Errors
    /// Where it does not come to that.
    pub async fn comes_to(&self, state: &str) -> Result<()> {
        let selector = format!("main[data-state={state}]");
        let shown = self.page.shows(&selector).await;
        if let Err(error) = shown {
            let text = self.text("main").await?;
            return Err(error).with_context(|| format!("the page shows {text:?}"));
        }
        Ok(())
    }

    /// What `part` (a CSS selector) says.
    ///
    /// # Errors
    /// Where it is not there.
    pub async fn text(&self, part: &str) -> Result<String> {
        let script = "return document.querySelector(arguments[0]).innerText;";
        let text = self.page.run(script, vec![json!(part)]).await?;
        Ok(text.as_str().context("no text")?.to_owned())
    }

    /// Presses what `part` (a CSS selector) finds, as soon as it is there.
    ///
    /// # Errors
    /// Where it does not come, or cannot be pressed.
    pub async fn press(&self, part: &str) -> Result<()> {
        Ok(self.page.shows(part).await?.click().await?)
    }

    /// The code of the failure that is told, as soon as one is.
    ///
    /// # Errors
    /// Where none is.
    pub async fn problem_code(&self) -> Result<String> {
        let code: Element = self
            .page
            .shows("#problem-facts:not([hidden]) .problem-code")
            .await?;
        Ok(code.text().await?)
    }

    /// Gives the page a place to save at, where its browser asks for one.
    ///
    /// # Errors
    /// Where the page does not answer.
    pub async fn offer_place(&self) -> Result<()> {
        if self.kind == BrowserKind::Chromium {
            self.page.ask(OFFER_PLACE, vec![json!(PLACE)]).await?;
        }
        Ok(())
    }

    /// Lets the dialog that asks where to save stay open, as long as nobody answers it; in Chromium.
    ///
    /// # Errors
    /// Where the page does not answer.
    pub async fn leave_dialog_open(&self) -> Result<()> {
        let open = "globalThis.showSaveFilePicker = () => new Promise(() => {});";
        self.page.run(open, vec![]).await?;
        Ok(())
    }

    /// Whether exactly these bytes lie at the place that was offered; in Chromium.
    ///
    /// # Errors
    /// Where the browser does not answer, or asked for no place.
    pub async fn saved(&self, expected: &Bytes) -> Result<bool> {
        ensure!(
            self.kind == BrowserKind::Chromium,
            "only Chromium asks for a place"
        );
        let saved = self.page.ask(SAVED, vec![json!(PLACE)]).await?;
        let digest: Vec<u8> = Sha256::digest(expected).to_vec();
        Ok(saved == json!([expected.len(), digest]))
    }

    /// Under which name the page wanted to save last, where its browser asks for a place.
    ///
    /// # Errors
    /// Where it did not ask.
    pub async fn suggested_name(&self) -> Result<String> {
        let name = self.page.run("return suggestedName;", vec![]).await?;
        Ok(name.as_str().context("no name")?.to_owned())
    }

    /// The names of all files that this site keeps in the browser's own file system.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn kept(&self) -> Result<Vec<String>> {
        self.page.kept(false).await
    }
}

impl Page {
    /// The names of all files that this site keeps in the browser's own file system; `afterwards`: when
    /// the workers of all pages have ended.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn kept(&self, afterwards: bool) -> Result<Vec<String>> {
        let kept = self.ask(KEPT, vec![json!(afterwards)]).await?;
        Ok(serde_json::from_value(kept)?)
    }

    /// Puts a file there as a browser that crashed leaves it.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn leave_file_of_a_crash(&self) -> Result<()> {
        let left = self.ask(LEFT, vec![]).await?;
        ensure!(left.is_null(), "{left}");
        Ok(())
    }

    /// Waits until that is gone.
    ///
    /// # Errors
    /// Where it stays.
    pub async fn file_of_a_crash_is_deleted(&self) -> Result<()> {
        self.ask(SWEPT, vec![]).await?;
        Ok(())
    }
}

//! The upload page as a person uses it: choose files, watch rows, press keys.

mod all_files;
mod finding;
mod one_file;
mod resuming;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use fantoccini::{
    Client, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    elements::Element,
    error::CmdError,
    key::Key,
};
use sealift_transfer::api::{FileId, UploadId};
use serde::Deserialize;
use serde_json::{Value, json};

pub use all_files::FilesPage;
pub use one_file::FilePage;

use crate::browser::PATIENCE;

/// An open page.
#[derive(Debug)]
pub struct Page {
    client: Client,
}

/// The content of one file's row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// The file name as the row shows it.
    pub name: String,
    /// Such as `sending` or `done`; docs/PAGE.md lists them.
    pub state: String,
    /// The reason why the upload waits, unless it only waits for a slot.
    pub reason: Option<String>,
    /// The upload's id, once the upload has begun.
    pub upload_id: Option<UploadId>,
    /// The file's id, once the upload is done.
    pub file_id: Option<FileId>,
    /// The URL of the link to the decrypted file, once the upload is done.
    pub download: Option<String>,
    /// The machine-readable problem code, if the upload failed.
    pub problem_code: Option<String>,
    /// The problem's text, if the upload failed.
    pub problem_text: Option<String>,
}

/// Returns all rows.
const ROWS: &str = r"
const text = (row, part) => row.querySelector(part)?.textContent.trim() || null;
const rows = () => [...document.querySelectorAll('li.file')].map(row => ({
    name: row.querySelector('.file-name')?.textContent ?? '',
    state: row.dataset.state,
    reason: row.dataset.reason || null,
    upload_id: row.dataset.uploadId || null,
    file_id: row.dataset.fileId || null,
    download: row.querySelector('a.download')?.href || null,
    problem_code: text(row, '.problem-code'),
    problem_text: text(row, '.problem-text'),
}));
";

/// Calls back with the row of a name as soon as it is in one of the states.
const WAIT: &str = r"
const [name, states, found] = arguments;
const look = () => {
    const row = rows().find(row => row.name === name && states.includes(row.state));
    if (row) {
        watch.disconnect();
        found(row);
    }
};
const watch = new MutationObserver(look);
watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
look();
";

/// Calls back as soon as a selector matches an element.
const SHOWS: &str = r"
const [part, found] = arguments;
const look = () => {
    if (document.querySelector(part)) {
        watch.disconnect();
        found();
    }
};
const watch = new MutationObserver(look);
watch.observe(document, { subtree: true, childList: true, attributes: true });
look();
";

const ENDS: [&str; 4] = ["done", "failed", "cancelled", "left"];

impl Page {
    /// Wraps any page that this client shows.
    pub(crate) fn of(client: Client) -> Self {
        Self { client }
    }

    /// Waits until the page accepts files.
    pub(crate) async fn loaded(client: Client) -> Result<Self> {
        let page = Self::of(client);
        page.shows("#chooser:not([hidden]) input#files").await?;
        Ok(page)
    }

    /// Waits until `part` (a CSS selector) matches an element and returns it.
    ///
    /// # Errors
    /// Fails if it never matches.
    pub async fn shows(&self, part: &str) -> Result<Element> {
        let found = self.client.execute_async(SHOWS, vec![json!(part)]).await;
        found.with_context(|| format!("the page never shows {part}"))?;
        Ok(self.client.find(Locator::Css(part)).await?)
    }

    /// Like [`Self::shows`], but also works when a click leads to another page. The driver polls, because a script that
    /// waits in the old page never calls back once that page is gone.
    ///
    /// # Errors
    /// Fails like [`Self::shows`].
    pub async fn comes_to_show(&self, part: &str) -> Result<Element> {
        loop {
            let wait = self.client.wait().at_most(PATIENCE);
            match wait.for_element(Locator::Css(part)).await {
                Err(error) if was_left(&error) => {}
                shown => {
                    return shown.with_context(|| format!("the page never shows {part}"));
                }
            }
        }
    }

    /// Chooses files as the file dialog would.
    ///
    /// # Errors
    /// Fails if the page has no file input.
    pub async fn choose(&self, files: &[&Path]) -> Result<()> {
        self.answer_dialog("input#files", files).await
    }

    /// Answers the file dialog of an input (a CSS selector).
    ///
    /// # Errors
    /// Fails if there is no such input.
    pub async fn answer_dialog(&self, input: &str, files: &[&Path]) -> Result<()> {
        let paths: Option<Vec<&str>> = files.iter().map(|path| path.to_str()).collect();
        let paths = paths
            .context("the driver takes UTF-8 paths only")?
            .join("\n");
        let input = self.client.find(Locator::Css(input)).await?;
        Ok(input.send_keys(&paths).await?)
    }

    /// Clicks the element that `part` (a CSS selector) matches, by a script, because the element may
    /// lie outside the view.
    ///
    /// # Errors
    /// Fails if there is none.
    pub async fn press_on(&self, part: &str) -> Result<()> {
        let press = "document.querySelector(arguments[0]).click();";
        self.run(press, vec![json!(part)]).await?;
        Ok(())
    }

    /// Clicks the element that `part` (a CSS selector) matches within the row of that name.
    ///
    /// # Errors
    /// Fails if there is none, or if it is hidden.
    pub async fn press_in_row(&self, name: &str, part: &str) -> Result<()> {
        let button = self.part_of_row(name, part).await?;
        button
            .click()
            .await
            .with_context(|| format!("{name:?}: {part}"))
    }

    /// Waits until the page asks for an API key and types this one.
    ///
    /// # Errors
    /// Fails if the page never asks.
    pub async fn log_in(&self, api_key: &str) -> Result<()> {
        let input = self.shows("#login:not([hidden]) #api-key").await?;
        input.clear().await?;
        let enter = char::from(Key::Enter);
        Ok(input.send_keys(&format!("{api_key}{enter}")).await?)
    }

    /// Returns all rows as they are now.
    ///
    /// # Errors
    /// Fails if the page does not answer.
    pub async fn rows(&self) -> Result<Vec<Row>> {
        let script = format!("{ROWS} return rows();");
        let rows = self.client.execute(&script, vec![]).await?;
        Ok(serde_json::from_value(rows)?)
    }

    /// Waits until the row of that name is in this state and returns it.
    ///
    /// # Errors
    /// Fails if the upload ends in another state first.
    pub async fn wait_for(&self, name: &str, state: &str) -> Result<Row> {
        let mut states = ENDS.to_vec();
        states.push(state);
        let row = self.first_of(name, &states).await?;
        if row.state != state {
            bail!("{name:?} is not {state}: {row:?}");
        }
        Ok(row)
    }

    /// Waits until the row of that name is in this state, even if it passes through another end state first.
    ///
    /// # Errors
    /// Fails if the row never is in this state.
    pub async fn comes_to(&self, name: &str, state: &str) -> Result<Row> {
        self.first_of(name, &[state]).await
    }

    async fn first_of(&self, name: &str, states: &[&str]) -> Result<Row> {
        let script = format!("{ROWS} {WAIT}");
        let found = self
            .client
            .execute_async(&script, vec![json!(name), json!(states)]);
        match found.await {
            Ok(row) => Ok(serde_json::from_value(row)?),
            Err(error) => {
                let rows = self.rows().await?;
                Err(error).with_context(|| format!("{name:?} is not {states:?}: {rows:?}"))
            }
        }
    }

    /// Uploads one file and returns its file id.
    ///
    /// # Errors
    /// Fails if the upload does not end as done.
    pub async fn upload(&self, file: &Path) -> Result<FileId> {
        self.choose(&[file]).await?;
        let name = file.file_name().and_then(|name| name.to_str());
        let row = self.wait_for(name.context("a name")?, "done").await?;
        row.file_id.context("the row is done and has no id")
    }

    /// Returns the element that `part` (a CSS selector) matches within the row of that name.
    ///
    /// # Errors
    /// Fails if there is none.
    pub async fn part_of_row(&self, name: &str, part: &str) -> Result<Element> {
        for row in self.client.find_all(Locator::Css("li.file")).await? {
            let shown = row.find(Locator::Css(".file-name")).await?;
            if shown.prop("textContent").await?.as_deref() == Some(name) {
                return Ok(row.find(Locator::Css(part)).await?);
            }
        }
        bail!("no row is named {name:?}")
    }

    /// Runs a script in the page with these arguments.
    ///
    /// # Errors
    /// Fails if the script throws.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value, CmdError> {
        self.client.execute(script, arguments).await
    }

    /// Runs a script that calls back through its last argument.
    ///
    /// # Errors
    /// Fails if the script throws or does not call back.
    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Result<Value, CmdError> {
        self.client.execute_async(script, arguments).await
    }

    /// Presses a key. The element with the focus gets it.
    ///
    /// # Errors
    /// Fails if the page does not answer.
    pub async fn press(&self, key: Key) -> Result<()> {
        let value = char::from(key);
        let keyboard = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        Ok(self.client.perform_actions(keyboard).await?)
    }

    /// Presses Tab until the element that `target` (a CSS selector) matches has the focus.
    ///
    /// # Errors
    /// Fails if 100 presses do not reach it.
    pub async fn tab_to(&self, target: &str) -> Result<Element> {
        for _ in 0..100 {
            self.press(Key::Tab).await?;
            let is_target = "return document.activeElement.matches(arguments[0]);";
            if self.run(is_target, vec![json!(target)]).await? == json!(true) {
                return Ok(self.client.active_element().await?);
            }
        }
        bail!("the keyboard does not reach {target}")
    }
}

/// Returns whether a script ended because its page was left.
fn was_left(error: &CmdError) -> bool {
    let text = error.to_string();
    ["unloaded", "discarded", "navigat"]
        .iter()
        .any(|word| text.contains(word))
}

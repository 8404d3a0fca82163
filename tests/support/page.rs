//! The upload page as a person meets it: choose files, watch rows, press keys.

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

/// What one file's row shows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// As it is written there.
    pub name: String,
    /// Such as `sending` or `done`; docs/PAGE.md lists them.
    pub state: String,
    /// What it waits for, other than its turn.
    pub reason: Option<String>,
    /// Once it has begun.
    pub upload_id: Option<UploadId>,
    /// When done.
    pub file_id: Option<FileId>,
    /// Where the link to the opened file leads, when done.
    pub download: Option<String>,
    /// When failed.
    pub problem_code: Option<String>,
    /// When failed.
    pub problem_text: Option<String>,
}

/// Reads all rows.
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

/// Calls back with a row as soon as it is in one of the states.
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

/// Calls back as soon as a selector finds something.
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
    /// Whatever page it is.
    pub(crate) fn of(client: Client) -> Self {
        Self { client }
    }

    /// Once it takes files.
    pub(crate) async fn loaded(client: Client) -> Result<Self> {
        let page = Self::of(client);
        page.shows("#chooser:not([hidden]) input#files").await?;
        Ok(page)
    }

    /// What `part` (a CSS selector) finds, as soon as it finds something.
    ///
    /// # Errors
    /// Where it never does.
    pub async fn shows(&self, part: &str) -> Result<Element> {
        let found = self.client.execute_async(SHOWS, vec![json!(part)]).await;
        found.with_context(|| format!("the page does not come to show {part}"))?;
        Ok(self.client.find(Locator::Css(part)).await?)
    }

    /// The same where a press leads to another page. The driver looks again and again: a script that
    /// waits in the page that goes is never heard of again.
    ///
    /// # Errors
    /// As [`Self::shows`].
    pub async fn comes_to_show(&self, part: &str) -> Result<Element> {
        loop {
            let wait = self.client.wait().at_most(PATIENCE);
            match wait.for_element(Locator::Css(part)).await {
                Err(error) if was_left(&error) => {}
                shown => {
                    return shown.with_context(|| format!("the page does not come to show {part}"));
                }
            }
        }
    }

    /// Chooses files as the file dialog would.
    ///
    /// # Errors
    /// Where the page has no place for them.
    pub async fn choose(&self, files: &[&Path]) -> Result<()> {
        self.answer_dialog("input#files", files).await
    }

    /// Answers the file dialog of an input (a CSS selector).
    ///
    /// # Errors
    /// Where there is no such input.
    pub async fn answer_dialog(&self, input: &str, files: &[&Path]) -> Result<()> {
        let paths: Option<Vec<&str>> = files.iter().map(|path| path.to_str()).collect();
        let paths = paths
            .context("the driver takes UTF-8 paths only")?
            .join("\n");
        let input = self.client.find(Locator::Css(input)).await?;
        Ok(input.send_keys(&paths).await?)
    }

    /// Presses what `part` (a CSS selector) finds, by a script: it may lie outside the view.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn press_on(&self, part: &str) -> Result<()> {
        let press = "document.querySelector(arguments[0]).click();";
        self.run(press, vec![json!(part)]).await?;
        Ok(())
    }

    /// Presses what `part` (a CSS selector) finds within the row of that name.
    ///
    /// # Errors
    /// Where there is none, or it is hidden.
    pub async fn press_in_row(&self, name: &str, part: &str) -> Result<()> {
        let button = self.part_of_row(name, part).await?;
        button
            .click()
            .await
            .with_context(|| format!("{name:?}: {part}"))
    }

    /// Types an API key as soon as the page asks for one.
    ///
    /// # Errors
    /// Where it never does.
    pub async fn log_in(&self, api_key: &str) -> Result<()> {
        let input = self.shows("#login:not([hidden]) #api-key").await?;
        input.clear().await?;
        let enter = char::from(Key::Enter);
        Ok(input.send_keys(&format!("{api_key}{enter}")).await?)
    }

    /// All rows, as they are now.
    ///
    /// # Errors
    /// Where the page does not answer.
    pub async fn rows(&self) -> Result<Vec<Row>> {
        let script = format!("{ROWS} return rows();");
        let rows = self.client.execute(&script, vec![]).await?;
        Ok(serde_json::from_value(rows)?)
    }

    /// The row of that name as soon as it is in this state.
    ///
    /// # Errors
    /// Where it ends otherwise.
    pub async fn wait_for(&self, name: &str, state: &str) -> Result<Row> {
        let mut states = ENDS.to_vec();
        states.push(state);
        let row = self.first_of(name, &states).await?;
        if row.state != state {
            bail!("{name:?} is not {state}: {row:?}");
        }
        Ok(row)
    }

    /// The row of that name as soon as it is in this state, after an end that was not the last.
    ///
    /// # Errors
    /// Where it does not come to that.
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

    /// Sends one file and gives the id that it ends with.
    ///
    /// # Errors
    /// Where it does not end well.
    pub async fn upload(&self, file: &Path) -> Result<FileId> {
        self.choose(&[file]).await?;
        let name = file.file_name().and_then(|name| name.to_str());
        let row = self.wait_for(name.context("a name")?, "done").await?;
        row.file_id.context("the row is done and has no id")
    }

    /// What `part` (a CSS selector) finds within the row of that name.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn part_of_row(&self, name: &str, part: &str) -> Result<Element> {
        for row in self.client.find_all(Locator::Css("li.file")).await? {
            let shown = row.find(Locator::Css(".file-name")).await?;
            if shown.prop("textContent").await?.as_deref() == Some(name) {
                return Ok(row.find(Locator::Css(part)).await?);
            }
        }
        bail!("no row is named {name:?}")
    }

    /// Runs a script in the page; `arguments` are its.
    ///
    /// # Errors
    /// Where it throws.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value, CmdError> {
        self.client.execute(script, arguments).await
    }

    /// Runs a script that calls back through its last argument.
    ///
    /// # Errors
    /// Where it throws, or does not call back.
    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Result<Value, CmdError> {
        self.client.execute_async(script, arguments).await
    }

    /// Presses a key, wherever the focus is.
    ///
    /// # Errors
    /// Where the page does not answer.
    pub async fn press(&self, key: Key) -> Result<()> {
        let value = char::from(key);
        let keyboard = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        Ok(self.client.perform_actions(keyboard).await?)
    }

    /// Presses Tab until the focus is on what `target` (a CSS selector) finds.
    ///
    /// # Errors
    /// Where the whole page was passed without getting there.
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

/// Whether a script ended because its page did.
fn was_left(error: &CmdError) -> bool {
    let told = error.to_string();
    ["unloaded", "discarded", "navigat"]
        .iter()
        .any(|word| told.contains(word))
}

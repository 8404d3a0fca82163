//! The page that lists the person's files, `/files`.

use anyhow::{Context as _, Result};
use serde_json::json;

use super::Page;

/// The open page of the person's files.
#[derive(Debug)]
pub struct FilesPage {
    /// The functions that all pages share.
    pub page: Page,
}

/// Calls back as soon as the list has exactly these names, in this order.
const LISTS: &str = "
const [expected, found] = arguments;
const names = () => [...document.querySelectorAll('.listed .file-name')].map(name => name.textContent);
const look = () => {
    if (JSON.stringify(names()) === JSON.stringify(expected)) {
        watch.disconnect();
        found();
    }
};
const watch = new MutationObserver(look);
watch.observe(document, { subtree: true, childList: true, characterData: true });
look();
";

/// Clicks an element in the row of a name.
const PRESS: &str = "
const [name, part] = arguments;
const rows = [...document.querySelectorAll('.listed')];
const row = rows.find(row => row.querySelector('.file-name').textContent === name);
row.querySelector(part).click();
";

impl FilesPage {
    pub(crate) fn of(page: Page) -> Self {
        Self { page }
    }

    /// Waits until exactly these names are listed, in this order.
    ///
    /// # Errors
    /// Fails if the list never becomes that.
    pub async fn lists(&self, names: &[&str]) -> Result<()> {
        let listed = self.page.ask(LISTS, vec![json!(names)]).await;
        if let Err(error) = listed {
            let text = "return document.querySelector('main').innerText;";
            let text = self.page.run(text, vec![]).await?;
            return Err(error).with_context(|| format!("the page does not list {names:?}: {text}"));
        }
        Ok(())
    }

    /// Replaces the text of the search box.
    ///
    /// # Errors
    /// Fails if there is no search box.
    pub async fn search(&self, text: &str) -> Result<()> {
        let input = self.page.shows("#search:not([hidden]) input").await?;
        input.clear().await?;
        Ok(input.send_keys(text).await?)
    }

    /// Clicks the element that `part` (a CSS selector) matches in the row of that name.
    ///
    /// # Errors
    /// Fails if there is none.
    pub async fn press_in_row(&self, name: &str, part: &str) -> Result<()> {
        self.page.run(PRESS, vec![json!(name), json!(part)]).await?;
        Ok(())
    }

    /// Makes a share link to the file of that name with the dialog and returns the link.
    ///
    /// # Errors
    /// Fails if the dialog makes no link.
    pub async fn share(&self, name: &str) -> Result<String> {
        self.press_in_row(name, ".share").await?;
        self.page.make_link().await
    }
}

impl Page {
    /// Makes a share link with the dialog, which must be open, and returns the link.
    ///
    /// # Errors
    /// Fails if the dialog makes no link.
    pub async fn make_link(&self) -> Result<String> {
        self.shows("#share[open] .make-link").await?.click().await?;
        self.shows("#share .share-made:not([hidden])").await?;
        let value = "return document.querySelector('#share-link').value;";
        let link = self.run(value, vec![]).await?;
        Ok(link.as_str().context("the link is no text")?.to_owned())
    }
}

//! Headless Chromium and Firefox, which the stories drive through WebDriver.

mod commands;
mod downloads;
mod driver;
mod profile;

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fantoccini::{Client, ClientBuilder, wd::TimeoutConfiguration};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde_json::json;

use crate::{FilePage, FilesPage, Page, Stack, processes};
use driver::Driver;

pub(crate) use commands::OwnCommand;
pub use profile::Profile;

/// A browser process of our own. Dropping this value ends the browser.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    // The order matters: dropping the driver ends the browser, which still writes into the profile.
    driver: Driver,
    profile: Profile,
}

/// The kind of browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserKind {
    /// Chromium, driven by chromedriver.
    Chromium,
    /// Firefox, driven by geckodriver.
    Firefox,
}

/// A line of the browser's console. The browser also reports violations of the page's policy there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConsoleLine {
    /// `SEVERE`, `WARNING`, `INFO` or less.
    pub level: String,
    /// `security`, `javascript`, `network`, `console-api` and the like.
    pub source: String,
    /// The text of the line.
    pub message: String,
}

impl ConsoleLine {
    /// Returns whether this line reports a violation of the page's Content-Security-Policy.
    #[must_use]
    pub fn is_policy_violation(&self) -> bool {
        self.source == "security" || self.message.contains("Content Security Policy")
    }
}

/// The limit of every wait. Most stories need far less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

impl Browser {
    /// Starts Chromium with an empty profile.
    ///
    /// # Errors
    /// Fails like [`Self::start_in`].
    pub async fn start() -> Result<Self> {
        Self::start_in(BrowserKind::Chromium).await
    }

    /// Starts this kind of browser with an empty profile.
    ///
    /// # Errors
    /// Fails if the environment does not name such a browser, or if it does not start.
    pub async fn start_in(kind: BrowserKind) -> Result<Self> {
        Self::start_with(Profile::empty(kind)?).await
    }

    /// Starts a browser with this profile, for example the one that an earlier browser left behind.
    ///
    /// # Errors
    /// Fails like [`Self::start_in`].
    pub async fn start_with(profile: Profile) -> Result<Self> {
        let driver = Driver::start(profile.kind)?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(profile.capabilities()?)
            .connect(&driver.address())
            .await
            .with_context(|| format!("{:?} does not start", profile.kind))?;
        let browser = Self {
            client,
            driver,
            profile,
        };
        browser.wait_at_most(PATIENCE).await?;
        Ok(browser)
    }

    /// Sets the limit of every later wait in a page.
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn wait_at_most(&self, patience: Duration) -> Result<()> {
        let timeouts = TimeoutConfiguration::new(Some(patience), Some(PATIENCE), None);
        Ok(self.client.update_timeouts(timeouts).await?)
    }

    /// Opens the stack's page; `query` is empty or begins with `?`.
    ///
    /// # Errors
    /// Fails if the page does not load.
    pub async fn open(&self, stack: &Stack, query: &str) -> Result<Page> {
        self.open_at(&format!("{}/{query}", stack.address())).await
    }

    /// Opens the page at this address.
    ///
    /// # Errors
    /// Fails if the page does not load.
    pub async fn open_at(&self, url: &str) -> Result<Page> {
        self.client.goto(url).await?;
        Page::loaded(self.client.clone()).await
    }

    /// Opens the page that lists the person's files.
    ///
    /// # Errors
    /// Fails if the page does not load.
    pub async fn open_files(&self, stack: &Stack) -> Result<FilesPage> {
        let url = format!("{}/files", stack.address());
        self.client.goto(&url).await?;
        Ok(FilesPage::of(Page::of(self.client.clone())))
    }

    /// Opens the page of one file, either by its address or by a share link.
    ///
    /// # Errors
    /// Fails if the page does not load.
    pub async fn open_file(&self, url: &str) -> Result<FilePage> {
        self.client.goto(url).await?;
        let page = Page::of(self.client.clone());
        Ok(FilePage::of(page, self.profile.kind))
    }

    /// Opens a resource of the stack (an icon) that runs none of our scripts.
    ///
    /// # Errors
    /// Fails if the resource does not load.
    pub async fn open_scriptless(&self, stack: &Stack) -> Result<Page> {
        let url = format!("{}/icons/sealift.svg", stack.address());
        self.client.goto(&url).await?;
        Ok(Page::of(self.client.clone()))
    }

    /// Closes this tab and continues in another one. [`Self::new_tab`] must have opened one before.
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn close_tab(&self) -> Result<()> {
        self.client.close_window().await?;
        self.first_tab().await
    }

    /// Opens another tab and continues in it. [`Self::first_tab`] goes back.
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn new_tab(&self) -> Result<()> {
        let tab = self.client.new_window(true).await?;
        Ok(self.client.switch_to_window(tab.handle).await?)
    }

    /// Continues in the tab that the browser started with.
    ///
    /// # Errors
    /// Fails if that tab is closed.
    pub async fn first_tab(&self) -> Result<()> {
        let tabs = self.client.windows().await?;
        let first = tabs.into_iter().next().context("no tab is open")?;
        Ok(self.client.switch_to_window(first).await?)
    }

    /// Makes every page that this tab opens from now on run this script before its own scripts (Chromium only).
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn before_every_page(&self, script: &str) -> Result<()> {
        let parameters = json!({ "source": script });
        let add = OwnCommand::dev_tools("Page.addScriptToEvaluateOnNewDocument", parameters);
        self.client.issue_cmd(add).await?;
        Ok(())
    }

    /// Kills every process of the browser at once. The returned profile holds all that the browser had written.
    ///
    /// # Errors
    /// Fails if a process cannot be killed.
    pub fn crash(self) -> Result<Profile> {
        let Self {
            driver, profile, ..
        } = self;
        processes::kill_below(driver.process())?;
        Ok(profile)
    }

    /// Takes the whole browser offline or online again. The browser and its pages notice the change.
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn set_offline(&self, offline: bool) -> Result<()> {
        let client = &self.client;
        match self.profile.kind {
            BrowserKind::Chromium => {
                client.issue_cmd(OwnCommand::set_offline(offline)).await?;
            }
            BrowserKind::Firefox => {
                client.issue_cmd(OwnCommand::run_in_browser(true)).await?;
                let set = "Services.io.offline = arguments[0];";
                client.execute(set, vec![json!(offline)]).await?;
                client.issue_cmd(OwnCommand::run_in_browser(false)).await?;
            }
        }
        Ok(())
    }

    /// Returns the memory of all its processes together in bytes (PSS, without file mappings).
    ///
    /// # Errors
    /// Fails if /proc cannot be read.
    pub fn memory(&self) -> Result<u64> {
        processes::memory_below(self.driver.process())
    }

    /// Waits for the download of that name to finish and returns its bytes. An unfinished download has another name, or
    /// a companion file that has one.
    ///
    /// # Errors
    /// Fails if the download does not finish.
    pub async fn downloaded(&self, name: &str) -> Result<Vec<u8>> {
        self.downloaded_with(name, |_| true).await
    }

    /// Like [`Self::downloaded`], but waits until the file has `len` bytes. Otherwise it could return an empty file,
    /// because Firefox creates a page's download empty before it creates the companion.
    ///
    /// # Errors
    /// Fails if the download does not finish or has another length.
    pub async fn downloaded_bytes(&self, name: &str, len: usize) -> Result<Vec<u8>> {
        self.downloaded_with(name, |there| there == len).await
    }

    async fn downloaded_with(
        &self,
        name: &str,
        is_whole: impl Fn(usize) -> bool,
    ) -> Result<Vec<u8>> {
        let folder = self.profile.downloads.path();
        let (path, unfinished) = (folder.join(name), folder.join(format!("{name}.part")));
        let asked_at = Instant::now();
        // No driver reports downloads, so this loop polls the folder.
        loop {
            if path.is_file() && !unfinished.is_file() {
                let bytes = fs::read(&path)?;
                if is_whole(bytes.len()) {
                    return Ok(bytes);
                }
            }
            ensure!(asked_at.elapsed() < PATIENCE, "{name} was not downloaded");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns the number of files in the download folder, unfinished ones included.
    ///
    /// # Errors
    /// Fails if the folder cannot be read.
    pub fn downloads(&self) -> Result<usize> {
        Ok(fs::read_dir(self.profile.downloads.path())?.count())
    }

    /// Returns the console's lines since the last call (Chromium only).
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn console(&self) -> Result<Vec<ConsoleLine>> {
        let lines = self.client.issue_cmd(OwnCommand::read_console()).await?;
        Ok(serde_json::from_value(lines)?)
    }
}

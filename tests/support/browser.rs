//! Headless Chromium and Firefox, driven through WebDriver.

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

/// A browser of our own. It ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    // In this order: the driver ends the browser, which writes in the profile.
    driver: Driver,
    profile: Profile,
}

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserKind {
    /// With chromedriver.
    Chromium,
    /// With geckodriver.
    Firefox,
}

/// A line of the browser's console; what the page's policy forbids is told there too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConsoleLine {
    /// `SEVERE`, `WARNING`, `INFO` or less.
    pub level: String,
    /// `security`, `javascript`, `network`, `console-api` and the like.
    pub source: String,
    /// The text.
    pub message: String,
}

impl ConsoleLine {
    /// Whether the page tried what its Content-Security-Policy forbids.
    #[must_use]
    pub fn is_policy_violation(&self) -> bool {
        self.source == "security" || self.message.contains("Content Security Policy")
    }
}

/// How long a wait may take: far more than most stories need.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

impl Browser {
    /// Chromium with an empty profile.
    ///
    /// # Errors
    /// As [`Self::start_in`].
    pub async fn start() -> Result<Self> {
        Self::start_in(BrowserKind::Chromium).await
    }

    /// This kind with an empty profile.
    ///
    /// # Errors
    /// Where the environment names no such browser, or it does not start.
    pub async fn start_in(kind: BrowserKind) -> Result<Self> {
        Self::start_with(Profile::empty(kind)?).await
    }

    /// With what it kept when it ended.
    ///
    /// # Errors
    /// As [`Self::start_in`].
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

    /// How long a wait in a page may take from now on.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn wait_at_most(&self, patience: Duration) -> Result<()> {
        let timeouts = TimeoutConfiguration::new(Some(patience), Some(PATIENCE), None);
        Ok(self.client.update_timeouts(timeouts).await?)
    }

    /// Opens the stack's page; `query` is empty or begins with `?`.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn open(&self, stack: &Stack, query: &str) -> Result<Page> {
        self.open_at(&format!("{}/{query}", stack.address())).await
    }

    /// Opens the page at this address.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn open_at(&self, url: &str) -> Result<Page> {
        self.client.goto(url).await?;
        Page::loaded(self.client.clone()).await
    }

    /// Opens the page of one's files.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn open_files(&self, stack: &Stack) -> Result<FilesPage> {
        let url = format!("{}/files", stack.address());
        self.client.goto(&url).await?;
        Ok(FilesPage::of(Page::of(self.client.clone())))
    }

    /// Opens the page of one file: its address, or a link that somebody made.
    ///
    /// # Errors
    /// Where there is no page.
    pub async fn open_file(&self, url: &str) -> Result<FilePage> {
        self.client.goto(url).await?;
        let page = Page::of(self.client.clone());
        Ok(FilePage::of(page, self.profile.kind))
    }

    /// Opens something of the stack that runs no script of ours.
    ///
    /// # Errors
    /// Where it is not there.
    pub async fn open_scriptless(&self, stack: &Stack) -> Result<Page> {
        let url = format!("{}/icons/sealift.svg", stack.address());
        self.client.goto(&url).await?;
        Ok(Page::of(self.client.clone()))
    }

    /// Closes this tab and goes on in another one; [`Self::new_tab`] opened one of them.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn close_tab(&self) -> Result<()> {
        self.client.close_window().await?;
        self.first_tab().await
    }

    /// Opens another tab and goes on in it; [`Self::first_tab`] goes back.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn new_tab(&self) -> Result<()> {
        let tab = self.client.new_window(true).await?;
        Ok(self.client.switch_to_window(tab.handle).await?)
    }

    /// Goes on in the tab that the browser started with.
    ///
    /// # Errors
    /// Where it is closed.
    pub async fn first_tab(&self) -> Result<()> {
        let tabs = self.client.windows().await?;
        let first = tabs.into_iter().next().context("no tab is open")?;
        Ok(self.client.switch_to_window(first).await?)
    }

    /// Runs a script in every page that this tab opens from now on, before the page's own; in Chromium.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn before_every_page(&self, script: &str) -> Result<()> {
        let parameters = json!({ "source": script });
        let add = OwnCommand::dev_tools("Page.addScriptToEvaluateOnNewDocument", parameters);
        self.client.issue_cmd(add).await?;
        Ok(())
    }

    /// Kills every process of the browser at once. What it had written is in the profile.
    ///
    /// # Errors
    /// Where it cannot be killed.
    pub fn crash(self) -> Result<Profile> {
        let Self {
            driver, profile, ..
        } = self;
        processes::kill_below(driver.process())?;
        Ok(profile)
    }

    /// Takes the whole browser's network away, or gives it back: it and its pages know.
    ///
    /// # Errors
    /// Where the browser does not answer.
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

    /// Memory of all its processes together in bytes (PSS, without what is mapped from files).
    ///
    /// # Errors
    /// Where /proc cannot be read.
    pub fn memory(&self) -> Result<u64> {
        processes::memory_below(self.driver.process())
    }

    /// The file of that name that the browser downloaded, once it is there whole: until then it has
    /// another name, or a companion that has.
    ///
    /// # Errors
    /// Where it does not come.
    pub async fn downloaded(&self, name: &str) -> Result<Vec<u8>> {
        self.downloaded_with(name, |_| true).await
    }

    /// The same of a file that has so many bytes: one that a page hands to Firefox is there empty
    /// before it has its companion.
    ///
    /// # Errors
    /// Where it does not come, or not with so many.
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
        // No driver tells of downloads, so the folder is looked at.
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

    /// How many files the browser downloaded, or began to.
    ///
    /// # Errors
    /// Where its folder cannot be read.
    pub fn downloads(&self) -> Result<usize> {
        Ok(fs::read_dir(self.profile.downloads.path())?.count())
    }

    /// What the console told since it was asked last; in Chromium.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn console(&self) -> Result<Vec<ConsoleLine>> {
        let lines = self.client.issue_cmd(OwnCommand::read_console()).await?;
        Ok(serde_json::from_value(lines)?)
    }
}

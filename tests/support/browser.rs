//! Headless Chromium, driven through chromedriver.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fantoccini::{
    Client, ClientBuilder,
    wd::{TimeoutConfiguration, WebDriverCompatibleCommand},
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::{Page, Stack, lines, programs};

/// A browser of our own, with an empty profile. It ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    // In this order: the driver ends the browser, which writes in the profile.
    _driver: Driver,
    _profile: TempDir,
    downloads: TempDir,
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
const PATIENCE: Duration = Duration::from_secs(180);

impl Browser {
    /// Starts both.
    ///
    /// # Errors
    /// Where the environment names no browser, or it does not start.
    pub async fn start() -> Result<Self> {
        let chromium = programs::path_in("SEALIFT_TEST_CHROMIUM")?;
        let driver = Driver::start()?;
        let profile = tempfile::tempdir()?;
        let downloads = tempfile::tempdir()?;
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new",
                    // Containers run as root and have a small /dev/shm.
                    "--no-sandbox",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    format!("--user-data-dir={}", profile.path().display()),
                ],
                "prefs": { "download.default_directory": downloads.path() },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .context("Chromium does not start")?;
        let browser = Self {
            client,
            _driver: driver,
            _profile: profile,
            downloads,
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
        let url = format!("{}/{query}", stack.address());
        self.client.goto(&url).await?;
        Page::loaded(self.client.clone()).await
    }

    /// The file of that name that the browser downloaded, once it is there whole: until then it has
    /// another name.
    ///
    /// # Errors
    /// Where it does not come.
    pub async fn downloaded(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.downloads.path().join(name);
        let asked_at = Instant::now();
        // No driver tells of downloads, so the folder is looked at.
        while !path.is_file() {
            ensure!(asked_at.elapsed() < PATIENCE, "{name} was not downloaded");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(fs::read(path)?)
    }

    /// What the console told since it was asked last.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn console(&self) -> Result<Vec<ConsoleLine>> {
        let lines = self.client.issue_cmd(ReadConsole).await?;
        Ok(serde_json::from_value(lines)?)
    }
}

/// chromedriver's own command: WebDriver has none.
#[derive(Debug)]
struct ReadConsole;

impl WebDriverCompatibleCommand for ReadConsole {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// chromedriver on a free port.
#[derive(Debug)]
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Result<Self> {
        let mut process = Command::new(programs::path_in("SEALIFT_TEST_CHROMEDRIVER")?)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver does not start")?;
        let said = process
            .stdout
            .take()
            .context("chromedriver has no stdout")?;
        let port = lines::wait_for(said, |line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let mut driver = Self { process, port: 0 };
        driver.port = port.context("chromedriver ended before it listened")?;
        Ok(driver)
    }

    /// Killed, it would leave its browser behind.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        // It answers after it has ended its browsers.
        connection.read(&mut [0; 64]).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.shut_down();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

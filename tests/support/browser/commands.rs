//! Commands of the drivers that are not part of WebDriver.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A driver-specific command with its path below the session.
#[derive(Debug)]
pub(crate) struct OwnCommand {
    path: &'static str,
    body: Value,
}

impl OwnCommand {
    /// chromedriver: reads the console's lines since the last such command.
    pub(crate) fn read_console() -> Self {
        Self {
            path: "se/log",
            body: json!({ "type": "browser" }),
        }
    }

    /// chromedriver: takes the browser offline or online again.
    pub(crate) fn set_offline(offline: bool) -> Self {
        Self {
            path: "chromium/network_conditions",
            body: json!({ "network_conditions": {
                "offline": offline,
                "latency": 0,
                // -1 means no limit.
                "download_throughput": -1,
                "upload_throughput": -1,
            } }),
        }
    }

    /// chromedriver: runs a command of Chromium's developer tools.
    pub(crate) fn dev_tools(command: &str, parameters: Value) -> Self {
        Self {
            path: "goog/cdp/execute",
            body: json!({ "cmd": command, "params": parameters }),
        }
    }

    /// geckodriver: chooses whether scripts run in the browser itself or in its page.
    pub(crate) fn run_in_browser(itself: bool) -> Self {
        Self {
            path: "moz/context",
            body: json!({ "context": if itself { "chrome" } else { "content" } }),
        }
    }
}

impl WebDriverCompatibleCommand for OwnCommand {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

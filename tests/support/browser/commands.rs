//! What drivers can do beside WebDriver.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A command of one driver's own, by its path below the session.
#[derive(Debug)]
pub(crate) struct OwnCommand {
    path: &'static str,
    body: Value,
}

impl OwnCommand {
    /// chromedriver: the console's lines since it was asked last.
    pub(crate) fn read_console() -> Self {
        Self {
            path: "se/log",
            body: json!({ "type": "browser" }),
        }
    }

    /// chromedriver: takes the network away, or gives it back.
    pub(crate) fn set_offline(offline: bool) -> Self {
        Self {
            path: "chromium/network_conditions",
            body: json!({ "network_conditions": {
                "offline": offline,
                "latency": 0,
                // No limit.
                "download_throughput": -1,
                "upload_throughput": -1,
            } }),
        }
    }

    /// chromedriver: a command of Chromium's developer tools.
    pub(crate) fn dev_tools(command: &str, parameters: Value) -> Self {
        Self {
            path: "goog/cdp/execute",
            body: json!({ "cmd": command, "params": parameters }),
        }
    }

    /// geckodriver: whether scripts run in the browser itself instead of its page.
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

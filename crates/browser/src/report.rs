//! The messages to the page: small objects with a `type`, the file's `id`, and the fields of that type.

#[cfg(test)]
mod page_types;

use std::cell::Cell;

use js_sys::Function;
use sealift_transfer::api::{FileRecord, UploadId};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::failure::Failure;

/// The types that the signatures of the module's classes name for the pages' scripts.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = "import type { Policy, UploadSummary } from './api.js';
import type { DownloadReport, Report } from './report.js';";

/// A message to the page.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Report {
    /// The server has opened the upload, and this tab holds its lock. From here on it can be resumed.
    Opened {
        /// The page's id of the file.
        id: u32,
        /// The id of the upload.
        #[serde(rename = "uploadId")]
        #[cfg_attr(test, ts(type = "UploadId"))]
        upload_id: UploadId,
    },
    /// The file entered a state.
    State {
        /// The page's id of the file.
        id: u32,
        /// The new state.
        state: State,
    },
    /// Parts that were signed earlier are sealed again and compared before a byte is sent. Counts are plaintext
    /// bytes.
    Comparing {
        /// The page's id of the file.
        id: u32,
        /// Bytes found to be the same so far.
        compared: u64,
        /// Bytes to compare.
        #[serde(rename = "toCompare")]
        to_compare: u64,
    },
    /// More bytes were sent. Counts are plaintext bytes.
    Progress {
        /// The page's id of the file.
        id: u32,
        /// Bytes sent so far.
        sent: u64,
    },
    /// A request got no answer, or was refused for now. It is retried automatically.
    Retrying {
        /// The page's id of the file.
        id: u32,
    },
    /// The file waits for something.
    Waiting {
        /// The page's id of the file.
        id: u32,
        /// The reason.
        reason: Reason,
    },
    /// The file was paused, as the page asked.
    Paused {
        /// The page's id of the file.
        id: u32,
    },
    /// The file continues after [`Self::Waiting`] or [`Self::Paused`]. Its state follows.
    GoesOn {
        /// The page's id of the file.
        id: u32,
    },
    /// All signed parts are unchanged, but the file was written to since, so the rest cannot be checked. The
    /// file waits until the page says whether to send the rest.
    Unchecked {
        /// The page's id of the file.
        id: u32,
    },
    /// The server asks for a credential, or refuses the one it got. This concerns all files and is sent once.
    CredentialNeeded,
    /// The file is stored.
    Done {
        /// The page's id of the file.
        id: u32,
        /// The server's record of the file.
        #[cfg_attr(test, ts(type = "FileRecord"))]
        record: Box<FileRecord>,
        /// The path to get it from, relative to the page's origin.
        #[serde(rename = "contentPath")]
        content_path: String,
    },
    /// The upload failed.
    Failed {
        /// The page's id of the file.
        id: u32,
        /// The reason.
        failure: Failure,
        /// Whether the same upload can be resumed. Otherwise only a new one can follow.
        #[serde(rename = "goesOn")]
        goes_on: bool,
    },
    /// The page cancelled the upload.
    Cancelled {
        /// The page's id of the file.
        id: u32,
    },
    /// The page ended the upload but left it on the server, so that it can be resumed.
    Left {
        /// The page's id of the file.
        id: u32,
    },
}

/// The states of a file between waiting and the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The server opens the upload, and parts are sealed.
    Sealing,
    /// Sealed bytes are sent.
    Sending,
    /// Everything is stored, and the server checks it.
    Checking,
}

/// The reason why a file waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A network connection.
    Network,
    /// An answer to [`Report::CredentialNeeded`].
    Credential,
}

/// Sends messages to the page.
#[derive(Clone)]
pub struct Reporter(Function);

impl Reporter {
    /// Calls `function` with each message.
    #[must_use]
    pub fn new(function: Function) -> Self {
        Self(function)
    }

    /// Returns a reporter for one file.
    pub(crate) fn on_file(&self, id: u32) -> FileReporter {
        FileReporter {
            id,
            to: self.clone(),
            state: Cell::new(State::Sealing),
        }
    }

    pub(crate) fn report(&self, report: &impl Serialize) {
        if let Ok(message) = to_js(report) {
            self.report_js(&message);
        }
    }

    pub(crate) fn report_js(&self, message: &JsValue) {
        // The page must handle what its own function throws.
        let _thrown = self.0.call1(&JsValue::UNDEFINED, message);
    }
}

/// Sends messages about one file.
pub struct FileReporter {
    id: u32,
    to: Reporter,
    state: Cell<State>,
}

impl FileReporter {
    pub(crate) fn opened(&self, upload_id: UploadId) {
        let id = self.id;
        self.to.report(&Report::Opened { id, upload_id });
    }

    pub(crate) fn state(&self, state: State) {
        let id = self.id;
        self.state.set(state);
        self.to.report(&Report::State { id, state });
    }

    /// Reports that bytes are sent, once until another state is reported.
    pub(crate) fn sending(&self) {
        if self.state.get() != State::Sending {
            self.state(State::Sending);
        }
    }

    pub(crate) fn comparing(&self, compared: u64, to_compare: u64) {
        self.to.report(&Report::Comparing {
            id: self.id,
            compared,
            to_compare,
        });
    }

    pub(crate) fn progress(&self, sent: u64) {
        let id = self.id;
        self.to.report(&Report::Progress { id, sent });
    }

    pub(crate) fn retrying(&self) {
        self.to.report(&Report::Retrying { id: self.id });
    }

    pub(crate) fn waiting(&self, reason: Reason) {
        let id = self.id;
        self.to.report(&Report::Waiting { id, reason });
    }

    pub(crate) fn paused(&self) {
        self.state.set(State::Sealing);
        self.to.report(&Report::Paused { id: self.id });
    }

    pub(crate) fn goes_on(&self) {
        self.to.report(&Report::GoesOn { id: self.id });
        self.state(self.state.get());
    }

    pub(crate) fn unchecked(&self) {
        self.to.report(&Report::Unchecked { id: self.id });
    }
}

/// Converts to plain objects, arrays and numbers.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, serde_wasm_bindgen::Error> {
    value.serialize(&Serializer::json_compatible())
}

#[cfg(test)]
pub(crate) mod tests {
    use js_sys::{Array, Reflect};
    use wasm_bindgen::{JsCast as _, closure::Closure};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// Returns a reporter, and a function that lists the types of its messages.
    pub(crate) fn reports() -> (Reporter, impl Fn() -> Vec<String>) {
        let types = Array::new();
        let into = types.clone();
        let report = Closure::<dyn FnMut(JsValue)>::new(move |message: JsValue| {
            into.push(&Reflect::get(&message, &"type".into()).unwrap());
        });
        let report: Function = report.into_js_value().unchecked_into();
        let types = move || types.iter().filter_map(|kind| kind.as_string()).collect();
        (Reporter::new(report), types)
    }

    #[wasm_bindgen_test]
    fn messages_have_the_names_that_the_page_knows() {
        let (reporter, reports) = reports();
        let reporter = reporter.on_file(1);
        reporter.state(State::Sending);
        reporter.waiting(Reason::Network);
        reporter.goes_on();
        assert_eq!(reports(), ["state", "waiting", "goes-on", "state"]);
    }
}

//! What the page is told, one small message at a time: an object with a `type`, the file's `id`, and
//! what belongs to it.

use js_sys::Function;
use sealift_transfer::api::FileRecord;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::failure::Failure;

/// A message to the page.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Report {
    /// A file entered a state.
    State {
        /// The file.
        id: u32,
        /// Which one.
        state: State,
    },
    /// Plaintext bytes that have left.
    Progress {
        /// The file.
        id: u32,
        /// So many.
        sent: u64,
    },
    /// A request had no answer, or was refused for now; the next attempt comes by itself.
    Retrying {
        /// The file.
        id: u32,
    },
    /// The file is there.
    Done {
        /// The file.
        id: u32,
        /// As the server recorded it.
        record: Box<FileRecord>,
        /// Where to get it, relative to the page's origin.
        #[serde(rename = "contentPath")]
        content_path: String,
    },
    /// The file was not sent.
    Failed {
        /// The file.
        id: u32,
        /// Why.
        failure: Failure,
    },
    /// The file was taken back because the page wanted so.
    Cancelled {
        /// The file.
        id: u32,
    },
}

/// The states between waiting and the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The server is asked, and the first part is sealed.
    Sealing,
    /// The first sealed bytes leave.
    Sending,
    /// Everything is stored; the server looks at it.
    Checking,
}

/// Who is told.
#[derive(Clone)]
pub struct Reporter(Function);

impl Reporter {
    /// Calls `function` with each message.
    #[must_use]
    pub fn new(function: Function) -> Self {
        Self(function)
    }

    /// For the reports on one file.
    pub(crate) fn on_file(&self, id: u32) -> FileReporter {
        let to = self.clone();
        FileReporter { id, to }
    }

    pub(crate) fn tell(&self, report: &Report) {
        if let Ok(message) = to_js(report) {
            // What the page's function throws is the page's affair.
            let _thrown = self.0.call1(&JsValue::UNDEFINED, &message);
        }
    }
}

/// Who is told of one file.
#[derive(Clone)]
pub struct FileReporter {
    id: u32,
    to: Reporter,
}

impl FileReporter {
    pub(crate) fn state(&self, state: State) {
        let id = self.id;
        self.to.tell(&Report::State { id, state });
    }

    pub(crate) fn progress(&self, sent: u64) {
        let id = self.id;
        self.to.tell(&Report::Progress { id, sent });
    }

    pub(crate) fn retrying(&self) {
        self.to.tell(&Report::Retrying { id: self.id });
    }
}

/// Plain objects, arrays and numbers.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, serde_wasm_bindgen::Error> {
    value.serialize(&Serializer::json_compatible())
}

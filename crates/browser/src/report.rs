//! What the page is told, one small message at a time: an object with a `type`, the file's `id`, and
//! what belongs to it.

use std::cell::Cell;

use js_sys::Function;
use sealift_transfer::api::{FileRecord, UploadId};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::failure::Failure;

/// A message to the page.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Report {
    /// The server has the upload, and this tab has its lock. From here on it can be resumed.
    Opened {
        /// The file.
        id: u32,
        /// The upload.
        #[serde(rename = "uploadId")]
        upload_id: UploadId,
    },
    /// A file entered a state.
    State {
        /// The file.
        id: u32,
        /// Which one.
        state: State,
    },
    /// What was signed earlier is sealed again and compared, before a byte leaves. Plaintext bytes.
    Comparing {
        /// The file.
        id: u32,
        /// So many are found to be the same.
        compared: u64,
        /// Of so many.
        #[serde(rename = "toCompare")]
        to_compare: u64,
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
    /// Nothing goes on until something is there.
    Waiting {
        /// The file.
        id: u32,
        /// What.
        reason: Reason,
    },
    /// The file stands still, as was wished.
    Paused {
        /// The file.
        id: u32,
    },
    /// The file goes on after [`Self::Waiting`] or [`Self::Paused`]; its state follows.
    GoesOn {
        /// The file.
        id: u32,
    },
    /// All that was signed is the same, but the file was written to since: the rest cannot be
    /// checked. Nothing goes on until the page says whether it is to be sent.
    Unchecked {
        /// The file.
        id: u32,
    },
    /// The server asks for a credential, or refuses the one that it was given. Concerns all files,
    /// and is asked once.
    CredentialNeeded,
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
        /// Whether the same upload can go on; else only a new one can follow.
        #[serde(rename = "goesOn")]
        goes_on: bool,
    },
    /// The file was taken back because the page wanted so.
    Cancelled {
        /// The file.
        id: u32,
    },
    /// The file was left as it is because the page wanted so: it can be resumed.
    Left {
        /// The file.
        id: u32,
    },
}

/// The states between waiting and the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The server is asked, and parts are sealed.
    Sealing,
    /// Sealed bytes leave.
    Sending,
    /// Everything is stored; the server looks at it.
    Checking,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A network.
    Network,
    /// An answer to [`Report::CredentialNeeded`].
    Credential,
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
        FileReporter {
            id,
            to: self.clone(),
            state: Cell::new(State::Sealing),
        }
    }

    pub(crate) fn tell(&self, report: &impl Serialize) {
        if let Ok(message) = to_js(report) {
            self.tell_js(&message);
        }
    }

    pub(crate) fn tell_js(&self, message: &JsValue) {
        // What the page's function throws is the page's affair.
        let _thrown = self.0.call1(&JsValue::UNDEFINED, message);
    }
}

/// Who is told of one file.
pub struct FileReporter {
    id: u32,
    to: Reporter,
    state: Cell<State>,
}

impl FileReporter {
    pub(crate) fn opened(&self, upload_id: UploadId) {
        let id = self.id;
        self.to.tell(&Report::Opened { id, upload_id });
    }

    pub(crate) fn state(&self, state: State) {
        let id = self.id;
        self.state.set(state);
        self.to.tell(&Report::State { id, state });
    }

    pub(crate) fn comparing(&self, compared: u64, to_compare: u64) {
        self.to.tell(&Report::Comparing {
            id: self.id,
            compared,
            to_compare,
        });
    }

    pub(crate) fn progress(&self, sent: u64) {
        let id = self.id;
        self.to.tell(&Report::Progress { id, sent });
    }

    pub(crate) fn retrying(&self) {
        self.to.tell(&Report::Retrying { id: self.id });
    }

    pub(crate) fn waiting(&self, reason: Reason) {
        let id = self.id;
        self.to.tell(&Report::Waiting { id, reason });
    }

    pub(crate) fn paused(&self) {
        self.state.set(State::Sealing);
        self.to.tell(&Report::Paused { id: self.id });
    }

    pub(crate) fn goes_on(&self) {
        self.to.tell(&Report::GoesOn { id: self.id });
        self.state(self.state.get());
    }

    pub(crate) fn unchecked(&self) {
        self.to.tell(&Report::Unchecked { id: self.id });
    }
}

/// Plain objects, arrays and numbers.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, serde_wasm_bindgen::Error> {
    value.serialize(&Serializer::json_compatible())
}

#[cfg(test)]
pub(crate) mod tests {
    use js_sys::{Array, Reflect};
    use wasm_bindgen::{JsCast as _, closure::Closure};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// A reporter, and the types of the messages that it was given.
    pub(crate) fn heard() -> (Reporter, impl Fn() -> Vec<String>) {
        let types = Array::new();
        let into = types.clone();
        let hear = Closure::<dyn FnMut(JsValue)>::new(move |message: JsValue| {
            into.push(&Reflect::get(&message, &"type".into()).unwrap());
        });
        let hear: Function = hear.into_js_value().unchecked_into();
        let types = move || types.iter().filter_map(|kind| kind.as_string()).collect();
        (Reporter::new(hear), types)
    }

    #[wasm_bindgen_test]
    fn messages_have_the_names_that_the_page_knows() {
        let (reporter, heard) = heard();
        let reporter = reporter.on_file(1);
        reporter.state(State::Sending);
        reporter.waiting(Reason::Network);
        reporter.goes_on();
        assert_eq!(heard(), ["state", "waiting", "goes-on", "state"]);
    }
}

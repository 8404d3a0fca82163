//! What the page of a file is told, one small message at a time: an object with a `type`.

use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::{
    failure::{Failure, Fault},
    part_files::PartFile,
    report::{Reporter, to_js},
    sink::Saved,
};

/// A message to the page of a file.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum OpenerReport {
    /// Plaintext bytes that have come.
    Progress {
        /// So many.
        opened: u64,
        /// Of so many.
        size: u64,
    },
    /// A request had no answer, or was refused for now; the next attempt comes by itself.
    Retrying,
    /// The file is opened into a file of the browser's own disk.
    OnDisk {
        /// The name of that file in the page's folder.
        name: String,
    },
    /// The file is whole.
    Done {
        /// Which way it went.
        how: How,
    },
    /// The file was not opened, and nothing of it stays.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// The page wanted no more, and nothing stays.
    Cancelled,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum How {
    Picker,
    Disk,
    Memory,
}

/// Who is told of the file that is being opened.
pub struct OpenerReporter(Reporter);

impl OpenerReporter {
    /// By this reporter.
    #[must_use]
    pub fn new(reporter: Reporter) -> Self {
        Self(reporter)
    }

    pub(crate) fn progress(&self, opened: u64, size: u64) {
        self.0.tell(&OpenerReport::Progress { opened, size });
    }

    pub(crate) fn retrying(&self) {
        self.0.tell(&OpenerReport::Retrying);
    }

    /// With the folder, so that the page can delete the file while it goes.
    pub(super) fn on_disk(&self, file: &PartFile) {
        let (folder, name) = file.place();
        let name = name.to_owned();
        let Ok(message) = to_js(&OpenerReport::OnDisk { name }) else {
            return;
        };
        // The message is a plain object of ours.
        let _set = Reflect::set(&message, &"folder".into(), folder);
        self.0.tell_js(&message);
    }

    /// With the blob that is to be offered, where there is one.
    pub(super) fn done(&self, saved: &Saved) {
        let (how, blob) = match saved {
            Saved::Picked => (How::Picker, None),
            Saved::OnDisk(blob, _) => (How::Disk, Some(blob)),
            Saved::InMemory(blob) => (How::Memory, Some(blob)),
        };
        let Ok(message) = to_js(&OpenerReport::Done { how }) else {
            return;
        };
        let blob = blob.map_or(JsValue::UNDEFINED, JsValue::from);
        // It is a plain object of ours.
        let _set = Reflect::set(&message, &"blob".into(), &blob);
        self.0.tell_js(&message);
    }

    pub(super) fn failed(&self, fault: &Fault) {
        let failure = Failure::from(fault);
        self.0.tell(&OpenerReport::Failed { failure });
    }

    pub(super) fn cancelled(&self) {
        self.0.tell(&OpenerReport::Cancelled);
    }
}

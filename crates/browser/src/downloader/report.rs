//! The messages to the page of a file: small objects with a `type`.

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
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum DownloadReport {
    /// More bytes were received. Counts are plaintext bytes.
    Progress {
        /// Bytes received so far.
        opened: u64,
        /// Bytes of the whole file.
        size: u64,
    },
    /// A request got no answer, or was refused for now. It is retried automatically.
    Retrying,
    /// The plaintext goes into a file on the browser's own disk.
    OnDisk {
        /// The name of that file in the page's folder.
        name: String,
    },
    /// The file is complete.
    Done {
        /// How it was saved.
        how: How,
    },
    /// The download failed, and nothing of the file stays.
    Failed {
        /// The reason.
        failure: Failure,
    },
    /// The page cancelled the download, and nothing of the file stays.
    Cancelled,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum How {
    Picker,
    Disk,
    Memory,
}

/// Sends messages about the file that is being decrypted.
pub struct DownloadReporter(Reporter);

impl DownloadReporter {
    /// Sends the messages through `reporter`.
    #[must_use]
    pub fn new(reporter: Reporter) -> Self {
        Self(reporter)
    }

    pub(crate) fn progress(&self, opened: u64, size: u64) {
        self.0.report(&DownloadReport::Progress { opened, size });
    }

    pub(crate) fn retrying(&self) {
        self.0.report(&DownloadReport::Retrying);
    }

    /// Includes the folder, so that the page can delete the file while it closes.
    pub(super) fn on_disk(&self, file: &PartFile) {
        let (folder, name) = file.folder_and_name();
        let name = name.to_owned();
        let Ok(message) = to_js(&DownloadReport::OnDisk { name }) else {
            return;
        };
        // Setting a field of a plain object cannot fail.
        let _set = Reflect::set(&message, &"folder".into(), folder);
        self.0.report_js(&message);
    }

    /// Includes the blob that the page offers, if there is one.
    pub(super) fn done(&self, saved: &Saved) {
        let (how, blob) = match saved {
            Saved::Picked => (How::Picker, None),
            Saved::OnDisk(blob, _) => (How::Disk, Some(blob)),
            Saved::InMemory(blob) => (How::Memory, Some(blob)),
        };
        let Ok(message) = to_js(&DownloadReport::Done { how }) else {
            return;
        };
        let blob = blob.map_or(JsValue::UNDEFINED, JsValue::from);
        // Setting a field of a plain object cannot fail.
        let _set = Reflect::set(&message, &"blob".into(), &blob);
        self.0.report_js(&message);
    }

    pub(super) fn failed(&self, fault: &Fault) {
        let failure = Failure::from(fault);
        self.0.report(&DownloadReport::Failed { failure });
    }

    pub(super) fn cancelled(&self) {
        self.0.report(&DownloadReport::Cancelled);
    }
}

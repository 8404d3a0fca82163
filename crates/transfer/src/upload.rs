//! One upload as a state machine without I/O: events in, commands out. A driver carries out the
//! commands and reports the results as events. All rules are here, so that the browser and the
//! native client follow the same ones.
//!
//! The steps of an upload: [`Command::Open`], then all parts, then [`Command::Complete`]. The steps of
//! a part: [`Command::Seal`], [`Event::Sealed`], [`Command::Sign`], [`Event::Signed`],
//! [`Command::Put`], [`Event::Sent`]. The driver keeps a part's sealed bytes from the first to
//! the last of these steps, so that every attempt sends the same bytes (docs/FORMAT.md, R2).
//!
//! An upload that was begun earlier resumes with [`Command::FetchStatus`] and
//! [`Command::FetchKey`]. Then every part that was ever signed is sealed again and compared
//! ([`Command::Compare`]) before any byte is sent. This finds every changed part that was signed.

mod attempts;
mod command;
mod comparing;
mod event;
mod finding;
mod finishing;
mod opening;
mod phase;
mod sending;
#[cfg(test)]
mod tests;

pub use command::{Command, Outcome, Request, Until};
pub use event::{Event, FoundUpload};

use crate::api::UploadId;
use finding::Finding;
use finishing::Ending;
use opening::Opening;
use phase::Phase;

/// The settings of one upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The most parts whose bytes are held at a time, from sealing until they are sent; at least 1.
    /// The driver needs memory for this many parts.
    pub most_parts_held: u8,
}

impl Default for Settings {
    /// Allows two parts to be sent while one is sealed and one waits for its signature.
    fn default() -> Self {
        Self { most_parts_held: 4 }
    }
}

/// An upload that was begun earlier, and the file that is now chosen for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The upload to resume.
    pub upload_id: UploadId,
    /// Plaintext bytes of the chosen file.
    pub size: u64,
    /// Last modification of the chosen file, milliseconds since the Unix epoch.
    pub last_modified_ms: Option<i64>,
}

/// The state machine of one upload.
#[derive(Debug)]
pub struct Upload {
    settings: Settings,
    phase: Phase,
}

impl Upload {
    /// Starts a new upload. Returns it with its first commands.
    #[must_use]
    pub fn start(settings: Settings) -> (Self, Vec<Command>) {
        Self::begin(settings, Phase::Opening(Opening::default()))
    }

    /// Resumes an upload that was begun earlier. Returns it with its first commands.
    #[must_use]
    pub fn resume(settings: Settings, resume: Resume) -> (Self, Vec<Command>) {
        Self::begin(settings, Phase::Finding(Finding::chosen(resume)))
    }

    fn begin(settings: Settings, phase: Phase) -> (Self, Vec<Command>) {
        let mut commands = Vec::new();
        let phase = phase.begin(settings, &mut commands);
        (Self { settings, phase }, commands)
    }

    /// Handles an event and returns the commands to carry out now.
    pub fn on(&mut self, event: Event) -> Vec<Command> {
        let mut commands = Vec::new();
        let phase = core::mem::replace(&mut self.phase, Phase::Ended);
        self.phase = match event {
            Event::Cancelled => phase.abort(Ending::Cancelled, &mut commands),
            Event::SourceFailed => phase.abort(Ending::SourceFailed, &mut commands),
            Event::Left => phase.leave(&mut commands),
            Event::Paused => phase.pause(&mut commands),
            Event::Continued => phase.go_on(self.settings, &mut commands),
            event => phase.on(event, self.settings, &mut commands),
        };
        commands
    }

    /// Returns whether the upload is paused, so that no command of it runs.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        matches!(self.phase, Phase::Paused(_))
    }

    /// Returns the plaintext bytes of the parts that the store holds. Only parts that this driver
    /// sealed or compared count.
    #[must_use]
    pub fn stored_plaintext_len(&self) -> u64 {
        self.phase.stored_plaintext_len()
    }

    /// Returns the plaintext bytes that were compared with the parts that were signed earlier.
    #[must_use]
    pub fn compared_plaintext_len(&self) -> u64 {
        self.phase.compared_plaintext_len()
    }

    /// Returns the plaintext bytes that must be compared in all; 0 for a new upload.
    #[must_use]
    pub fn to_compare_plaintext_len(&self) -> u64 {
        self.phase.to_compare_plaintext_len()
    }
}

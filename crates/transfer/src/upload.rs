//! One upload as a state machine without I/O: events in, commands out. A driver carries the
//! commands out and reports what came of them; every rule stands here, so that the browser and
//! the native client follow the same ones.
//!
//! The way of an upload: [`Command::Open`], then parts, then [`Command::Complete`]. The way of a
//! part: [`Command::Seal`], [`Event::Sealed`], [`Command::Sign`], [`Event::Signed`],
//! [`Command::Put`], [`Event::Sent`]. The driver keeps a part's sealed bytes from the first to
//! the last of these, so that every attempt sends the same bytes (FORMAT.md R2).
//!
//! An upload that was begun earlier goes on with [`Command::FetchStatus`] and
//! [`Command::FetchKey`]. Then every part that was ever signed is sealed again and compared
//! ([`Command::Compare`]), before a byte leaves: another plaintext is found wherever a part of it
//! was signed.

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

/// How an upload is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Parts whose bytes are held at a time, from sealing until they are sent; at least 1. The
    /// driver's memory is this many parts.
    pub most_parts_held: u8,
}

impl Default for Settings {
    /// Two parts on the way while one is sealed and one waits for its signature.
    fn default() -> Self {
        Self { most_parts_held: 4 }
    }
}

/// An upload that was begun earlier, and the file that is now chosen for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// Which upload.
    pub upload_id: UploadId,
    /// The chosen file's plaintext bytes.
    pub size: u64,
    /// Its last modification, milliseconds since the Unix epoch.
    pub last_modified_ms: Option<i64>,
}

/// The state machine.
#[derive(Debug)]
pub struct Upload {
    settings: Settings,
    phase: Phase,
}

impl Upload {
    /// A new upload and its first commands.
    #[must_use]
    pub fn start(settings: Settings) -> (Self, Vec<Command>) {
        Self::begin(settings, Phase::Opening(Opening::default()))
    }

    /// An upload that goes on, and its first commands.
    #[must_use]
    pub fn resume(settings: Settings, resume: Resume) -> (Self, Vec<Command>) {
        Self::begin(settings, Phase::Finding(Finding::chosen(resume)))
    }

    fn begin(settings: Settings, phase: Phase) -> (Self, Vec<Command>) {
        let mut commands = Vec::new();
        let phase = phase.begin(settings, &mut commands);
        (Self { settings, phase }, commands)
    }

    /// Takes an event; gives what to do now.
    pub fn on(&mut self, event: Event) -> Vec<Command> {
        let mut commands = Vec::new();
        let phase = core::mem::replace(&mut self.phase, Phase::Ended);
        self.phase = match event {
            Event::Cancelled => phase.take_back(Ending::Cancelled, &mut commands),
            Event::SourceFailed => phase.take_back(Ending::SourceFailed, &mut commands),
            Event::Left => phase.leave(&mut commands),
            Event::Paused => phase.pause(&mut commands),
            Event::Continued => phase.go_on(self.settings, &mut commands),
            event => phase.on(event, self.settings, &mut commands),
        };
        commands
    }

    /// Plaintext bytes of the parts that the store holds, as far as this driver sealed or compared
    /// them.
    #[must_use]
    pub fn stored_plaintext_len(&self) -> u64 {
        self.phase.stored_plaintext_len()
    }

    /// Plaintext bytes that were compared with what was signed earlier.
    #[must_use]
    pub fn compared_plaintext_len(&self) -> u64 {
        self.phase.compared_plaintext_len()
    }

    /// Plaintext bytes that must be compared in all; 0 for an upload that was begun here.
    #[must_use]
    pub fn to_compare_plaintext_len(&self) -> u64 {
        self.phase.to_compare_plaintext_len()
    }
}

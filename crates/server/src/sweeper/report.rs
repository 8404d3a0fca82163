//! What a sweep found and did, by kind.

use core::fmt;
use std::collections::BTreeMap;

/// What there is to be swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SweepKind {
    /// An upload whose completion was cut off: the object decides what becomes of it.
    Abandoned,
    /// An open upload that has expired, or is older than the last restore: aborted.
    Expired,
    /// An abort that was cut off: finished.
    Aborting,
    /// A deletion that was cut off: finished.
    Deleting,
    /// An aborted, failed or deleted one whose last signature has ended: its object key is removed
    /// once more, what the caller gave is emptied.
    Tombstone,
    /// A ticket that can neither be redeemed nor read with any more: forgotten.
    Ticket,
    /// A multipart upload that no upload needs any more: aborted.
    LateMultipart,
    /// An object that came after its tombstone was swept: removed.
    LateObject,
    /// An old multipart upload without a record.
    UnrecordedMultipart,
    /// An old object without a record.
    UnrecordedObject,
}

impl SweepKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Abandoned,
        Self::Expired,
        Self::Aborting,
        Self::Deleting,
        Self::Tombstone,
        Self::Ticket,
        Self::LateMultipart,
        Self::LateObject,
        Self::UnrecordedMultipart,
        Self::UnrecordedObject,
    ];

    /// As metrics and logs name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Expired => "expired",
            Self::Aborting => "aborting",
            Self::Deleting => "deleting",
            Self::Tombstone => "tombstone",
            Self::Ticket => "ticket",
            Self::LateMultipart => "late_multipart",
            Self::LateObject => "late_object",
            Self::UnrecordedMultipart => "unrecorded_multipart",
            Self::UnrecordedObject => "unrecorded_object",
        }
    }
}

/// How many of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepCount {
    /// Were there.
    pub found: u64,
    /// Were ended by this sweep; the others are left alone, or another server was faster.
    pub done: u64,
    /// Could not be ended now, or could not even be looked for.
    pub failed: u64,
}

/// What one sweep found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepReport(BTreeMap<SweepKind, SweepCount>);

impl SweepReport {
    /// Of this kind.
    #[must_use]
    pub fn of(&self, kind: SweepKind) -> SweepCount {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// Whether there was nothing to be swept, and nothing failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn found(&mut self, kind: SweepKind) {
        let count = self.0.entry(kind).or_default();
        count.found = count.found.saturating_add(1);
    }

    pub(super) fn done(&mut self, kind: SweepKind) {
        let count = self.0.entry(kind).or_default();
        count.done = count.done.saturating_add(1);
    }

    pub(super) fn failed(&mut self, kind: SweepKind) {
        let count = self.0.entry(kind).or_default();
        count.failed = count.failed.saturating_add(1);
    }
}

impl fmt::Display for SweepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (kind, count)) in self.0.iter().enumerate() {
            let before = if place == 0 { "" } else { ", " };
            let SweepCount {
                found,
                done,
                failed,
            } = count;
            let kind = kind.as_str();
            write!(
                f,
                "{before}{kind} {found} found {done} done {failed} failed"
            )?;
        }
        Ok(())
    }
}

//! Counts what a sweep found and did, by kind.

use core::fmt;
use std::collections::BTreeMap;

/// The kinds of leftovers that a sweep cleans up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SweepKind {
    /// An upload whose completion was interrupted: the object decides the outcome.
    Abandoned,
    /// An open upload that has expired, or is older than the last restore. The sweep aborts it.
    Expired,
    /// An abort that was interrupted. The sweep finishes it.
    Aborting,
    /// A deletion that was interrupted. The sweep finishes it.
    Deleting,
    /// An aborted or failed upload, or a deleted file, whose last signature has ended. The sweep
    /// removes its object once more and clears the fields that the caller gave.
    Tombstone,
    /// A ticket that can no longer be redeemed or read with. The sweep removes it.
    Ticket,
    /// A multipart upload in the store that its upload no longer needs. The sweep aborts it.
    LateMultipart,
    /// An object that arrived after its tombstone was swept. The sweep removes it.
    LateObject,
    /// An old multipart upload without a record.
    UnrecordedMultipart,
    /// An old object without a record.
    UnrecordedObject,
}

impl SweepKind {
    /// All kinds.
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

    /// Returns the name of the kind in metrics and logs.
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

/// The numbers of one kind in one sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepCount {
    /// Items found.
    pub found: u64,
    /// Items that this sweep cleaned up. The other items were left alone, or another server was
    /// faster.
    pub done: u64,
    /// Items that could not be cleaned up now, plus the searches of this kind that failed.
    pub failed: u64,
}

/// The numbers of one sweep, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepReport(BTreeMap<SweepKind, SweepCount>);

impl SweepReport {
    /// Returns the numbers of this kind.
    #[must_use]
    pub fn of(&self, kind: SweepKind) -> SweepCount {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// Returns whether the sweep found nothing and nothing failed.
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

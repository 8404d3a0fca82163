//! Read-only mode: the database is older than the mark in the bucket, for example after a restore from
//! a backup that nobody announced (docs/FORMAT.md, R2). The server lists, reads and downloads. It does not
//! open, sign, issue keys for uploads, complete, delete, verify or sweep, because the older database
//! does not know what was signed since.

use core::sync::atomic::{AtomicBool, Ordering};

/// Holds whether this server is read-only.
#[derive(Debug, Default)]
pub(crate) struct ReadOnly(AtomicBool);

/// The error if a change is refused because the server is read-only. The log and the refusal show its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{WHY}")]
pub(crate) struct IsReadOnly;

const WHY: &str = "This server is read-only, because its database is older than the mark in its bucket, \
     as after a restore from a backup. Files can be listed and downloaded. The operator ends this by \
     running `sealift records new-epoch --yes`.";

impl ReadOnly {
    /// Turns the read-only mode on.
    pub(crate) fn begin(&self) {
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::error!("{WHY}");
        }
    }

    /// Turns the read-only mode off.
    pub(crate) fn end(&self) {
        if self.0.swap(false, Ordering::Relaxed) {
            tracing::info!(
                "The database has caught up with the mark in the bucket: this server is no longer read-only"
            );
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Allows a change, unless the server is read-only. Every handler and task calls it before it
    /// changes anything.
    ///
    /// # Errors
    /// Returns [`IsReadOnly`] if the server is read-only.
    pub(crate) fn may_change(&self) -> Result<(), IsReadOnly> {
        if self.is_on() {
            return Err(IsReadOnly);
        }
        Ok(())
    }
}

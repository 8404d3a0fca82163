//! Read-only: the database is an older copy than the mark in the bucket, as after a restore from a
//! backup that nobody announced (FORMAT.md R2). The server lists, reads and downloads. It does not
//! open, sign, issue keys for uploads, complete, delete, verify or sweep, because the older copy has
//! forgotten what was signed since.

use core::sync::atomic::{AtomicBool, Ordering};

use sealift_transfer::api::ProblemCode;

use crate::problem::Refusal;

/// Whether this server may change anything.
#[derive(Debug, Default)]
pub(crate) struct ReadOnly(AtomicBool);

/// The sentence for the operator, for a person at the page and for a program.
const WHY: &str = "This server is read-only, because its database is older than the mark in its bucket, \
     as after a restore from a backup. Files can be listed and downloaded. The operator ends this by \
     running `sealift records new-epoch --yes`.";

/// Programs need not ask again before an operator can have acted; a longer wait than two minutes
/// makes them give up at once.
const ASK_AGAIN_AFTER_S: u64 = 300;

impl ReadOnly {
    /// From now on nothing is changed.
    pub(crate) fn begin(&self) {
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::error!("{WHY}");
        }
    }

    /// From now on changes are made again.
    pub(crate) fn end(&self) {
        if self.0.swap(false, Ordering::Relaxed) {
            tracing::info!(
                "The database is as far as the mark in the bucket: this server is no longer read-only"
            );
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Whoever changes something asks this first.
    ///
    /// # Errors
    /// Where the server is read-only.
    pub(crate) fn may_change(&self) -> Result<(), Refusal> {
        if self.is_on() {
            return Err(Refusal::new(ProblemCode::ReadOnly, WHY).retry_after_s(ASK_AGAIN_AFTER_S));
        }
        Ok(())
    }
}

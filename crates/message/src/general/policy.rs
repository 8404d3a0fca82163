//! What a reader of other people's messages takes.

use super::Suite;
use crate::error::{DecryptError, Unsupported};

/// Which suites a reader takes. Read with the strictest that opens the message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    allows_no_commitment: bool,
}

impl Policy {
    /// The default: only suites with key commitment, as the official SDKs do since their version 2.
    pub const COMMITTED: Self = Self {
        allows_no_commitment: false,
    };

    /// Takes the suites without key commitment too. Whoever wrote such a message can have made it
    /// open, to different plaintexts, under two of its keys; that its bytes were not altered by
    /// others is proven all the same.
    #[must_use]
    pub const fn allow_without_commitment(self) -> Self {
        Self {
            allows_no_commitment: true,
        }
    }

    /// Whether a message of this suite is opened.
    #[must_use]
    pub const fn permits(self, suite: Suite) -> bool {
        self.allows_no_commitment || suite.has_commitment()
    }

    pub(super) fn check(self, suite: Suite) -> Result<(), DecryptError> {
        if self.permits(suite) {
            Ok(())
        } else {
            Err(Unsupported::NoCommitment(suite.id()).into())
        }
    }
}

//! Decides which of other people's messages a reader accepts.

use super::Suite;
use crate::error::{DecryptError, Unsupported};

/// The suites that a reader accepts. Use the strictest policy that opens the message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    allows_no_commitment: bool,
}

impl Policy {
    /// The default policy, which accepts only suites with key commitment, like the official SDKs since their
    /// version 2.
    pub const COMMITTED: Self = Self {
        allows_no_commitment: false,
    };

    /// Also accepts the suites without key commitment. The writer of such a message can have made it open, to
    /// different plaintexts, under two of its keys. The tags still prove that nobody else altered its bytes.
    #[must_use]
    pub const fn allow_without_commitment(self) -> Self {
        Self {
            allows_no_commitment: true,
        }
    }

    /// Returns whether the policy accepts a message of this suite.
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

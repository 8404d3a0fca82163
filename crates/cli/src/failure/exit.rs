//! The exit codes. They never change, because scripts depend on them.

/// The reason why the program ends. `sealift --help` has the same table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command failed for a reason that no other code covers.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// Not authentic, damaged, or refused by the policy.
    NotAuthentic,
    /// The file or object does not exist, or is not the caller's.
    NotFound,
    /// The caller is not logged in, or lacks the permission.
    NotAllowed,
    /// Server, store or KMS cannot be reached or is busy: try again.
    Unreachable,
    /// Ctrl-C or SIGTERM ended the command.
    Interrupted,
}

impl Exit {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotAuthentic => 3,
            Self::NotFound => 4,
            Self::NotAllowed => 5,
            Self::Unreachable => 6,
            // Shells report the same for a program that SIGINT ended.
            Self::Interrupted => 130,
        }
    }

    /// Returns the code for JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotAuthentic => "not_authentic",
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_allowed",
            Self::Unreachable => "unreachable",
            Self::Interrupted => "interrupted",
        }
    }
}

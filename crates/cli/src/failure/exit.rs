//! Exit codes. They stay as they are: scripts depend on them.

/// Why the program ends; the table of `sealift --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It failed for a reason that no other says.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// Not authentic, damaged, or refused by the policy.
    NotAuthentic,
    /// There is no such thing, or it is not the caller's.
    NotFound,
    /// Not logged in, or without the right.
    NotAllowed,
    /// Server, store or KMS cannot be reached or is busy: try again.
    Unreachable,
    /// Ctrl-C or SIGTERM.
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
            // As shells say it of a program that SIGINT ended.
            Self::Interrupted => 130,
        }
    }

    /// Its code in JSON.
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

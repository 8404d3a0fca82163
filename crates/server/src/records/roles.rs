//! The roles of a caller, as they are stored and as the command line takes them. `crate::caller` says what each may do.

use core::{fmt, str::FromStr};

/// A role. Each covers some permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Uploads files, and sees nothing of those that are there.
    Upload,
    /// Lists, shows and reads files.
    Download,
    /// Uploads, reads, shares and deletes files: somebody who works with them.
    Member,
    /// Does everything that a member does, and manages the tenant.
    Admin,
    /// Runs the deployment, and sees no file.
    Operator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [
        Self::Upload,
        Self::Download,
        Self::Member,
        Self::Admin,
        Self::Operator,
    ];

    /// Returns the name in the database and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Upload => 1,
            Self::Download => 2,
            Self::Member => 4,
            Self::Admin => 8,
            Self::Operator => 16,
        }
    }
}

/// A set of roles. Its text form is `upload,download`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

/// The error for a text that is not a list of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a list of roles: some of upload, download, member, admin and operator are expected, joined by commas"
)]
pub struct NotARole;

impl Roles {
    /// Every role.
    pub const ALL: Self = Self(0b1_1111);

    /// Returns the set of these roles.
    #[must_use]
    pub fn of(roles: &[Role]) -> Self {
        Self(roles.iter().fold(0, |bits, role| bits | role.bit()))
    }

    /// Returns whether the set has this role.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut joint = "";
        for role in Role::ALL.into_iter().filter(|role| self.has(*role)) {
            write!(f, "{joint}{}", role.as_str())?;
            joint = ",";
        }
        Ok(())
    }
}

impl FromStr for Roles {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        let mut roles = Self::default();
        for name in text.split(',') {
            let mut known = Role::ALL.into_iter();
            let role = known.find(|role| role.as_str() == name).ok_or(NotARole)?;
            roles.0 |= role.bit();
        }
        Ok(roles)
    }
}

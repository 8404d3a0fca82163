//! The steps of a set-up, in the order in which they are made.

use serde::Serialize;

/// A target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The bucket.
    Bucket,
    /// The rule that all objects belong to the bucket's owner.
    Ownership,
    /// The block of all public access.
    AccessBlock,
    /// The CORS rule for the pages.
    Cors,
    /// The lifecycle rule for unfinished uploads.
    UnfinishedRule,
    /// The KMS key.
    Key,
    /// The KMS key's alias.
    Alias,
    /// The yearly rotation of the KMS key.
    Rotation,
    /// The deployment's mark.
    Mark,
}

impl Target {
    pub(super) const ALL: [Self; 9] = [
        Self::Bucket,
        Self::Ownership,
        Self::AccessBlock,
        Self::Cors,
        Self::UnfinishedRule,
        Self::Key,
        Self::Alias,
        Self::Rotation,
        Self::Mark,
    ];

    /// Returns the target without which this one cannot be made.
    pub(super) fn needs(self) -> Option<Self> {
        match self {
            Self::Bucket => None,
            Self::Alias | Self::Rotation => Some(Self::Key),
            Self::Ownership
            | Self::AccessBlock
            | Self::Cors
            | Self::UnfinishedRule
            // A bucket in another region shows that the region is wrong, and a key cannot move.
            | Self::Key
            | Self::Mark => Some(Self::Bucket),
        }
    }
}

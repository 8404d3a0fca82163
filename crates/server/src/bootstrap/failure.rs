//! The failures of single steps.

use sealift_keyring::KeyringError;

use crate::{
    deployment::{DeploymentError, MarkError},
    objects::ObjectsError,
    problem::chain,
};

/// The kind of a failure, for a program's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Credentials or a permission are missing.
    NotAllowed,
    /// The store or KMS does not answer.
    Unreachable,
    /// Any other failure.
    Other,
}

/// The reason why a target could not be looked at or made.
#[derive(Debug, thiserror::Error)]
pub(super) enum TargetError {
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
}

/// The codes of a store that mean that somebody else has a bucket of this name.
const TAKEN: &str = "BucketAlreadyExists";

impl TargetError {
    fn of_the_store(&self) -> Option<&ObjectsError> {
        match self {
            Self::Objects(error)
            | Self::Deployment(
                DeploymentError::Objects(error) | DeploymentError::Mark(MarkError::Objects(error)),
            ) => Some(error),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> FailureKind {
        match (self.of_the_store(), self) {
            (Some(ObjectsError::NoCredentials), _) => FailureKind::NotAllowed,
            (Some(ObjectsError::Refused { status, .. }), _) if matches!(*status, 401 | 403) => {
                FailureKind::NotAllowed
            }
            (Some(ObjectsError::Unavailable { .. }), _) => FailureKind::Unreachable,
            (_, Self::Keyring(KeyringError::NoCredentials)) => FailureKind::NotAllowed,
            (_, Self::Keyring(KeyringError::Refused { code, .. })) if code.contains("Denied") => {
                FailureKind::NotAllowed
            }
            (_, Self::Keyring(KeyringError::Unavailable { .. })) => FailureKind::Unreachable,
            _ => FailureKind::Other,
        }
    }

    /// Says what failed and what mends it.
    pub(super) fn sentence(&self) -> String {
        match self.of_the_store() {
            Some(ObjectsError::Refused { code, .. }) if code == TAKEN => {
                "another account has a bucket of this name; choose another one".to_owned()
            }
            Some(error @ ObjectsError::Refused { status: 403, .. }) => {
                format!("{error}; allow it to your credentials")
            }
            Some(error @ ObjectsError::NoCredentials) => {
                format!("{error}; give some, such as by `aws configure` or AWS_PROFILE")
            }
            Some(ObjectsError::Unavailable { status }) => {
                let answer = status.map_or_else(
                    || "does not answer".to_owned(),
                    |status| format!("only answers {status}"),
                );
                format!("the store {answer}; check the endpoint and the network, and try again")
            }
            Some(error) => error.to_string(),
            None => chain(self),
        }
    }
}

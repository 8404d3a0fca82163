//! How a download ends without its file.

use std::{io, path::PathBuf};

use sealift_transfer::{api::ProblemCode, retry::RequestFailure};

use crate::error::RequestError;

/// Why there is no plaintext, or not all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The server did not begin.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// As was wished. What is kept of it is there for the next download.
    #[error("the download was cancelled")]
    Cancelled,
    /// An empty range: there is nothing to ask for.
    #[error("a range of no bytes cannot be asked for; give one with at least one byte")]
    EmptyRange,
    /// What the server began is not what was asked for.
    #[error(
        "the server's answer is not the part of the file that was asked for; is something in between?"
    )]
    OtherAnswer,
    /// It broke off; what came is not the file.
    #[error("the download broke off after {got_bytes} of {expected_bytes} bytes; try again")]
    Cut {
        /// What came.
        got_bytes: u64,
        /// What was to come.
        expected_bytes: u64,
        /// What happened on the way.
        #[source]
        cause: RequestError,
    },
    /// The file was sealed anew while it was downloaded: the rest is of another message.
    #[error("the file was replaced on the server while it was downloaded; download it again")]
    Replaced,
    /// All of it came, and it is not what the server found when it opened every frame.
    #[error(
        "what came is not the file: its SHA-256 is {got}, and the server has recorded {recorded}; \
         download it again, and if that does not help check this disk and what is in between"
    )]
    Differs {
        /// Of what came, in hexadecimal digits.
        got: String,
        /// As the server recorded it.
        recorded: String,
    },
    /// It cannot be kept on disk.
    #[error("{} cannot be written; check the folder and the space on the disk", path.display())]
    Unwritable {
        /// Where to.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It was not to replace anything, and by now there is something.
    #[error("{} is there already; choose another name", path.display())]
    Exists {
        /// Where it was to go.
        path: PathBuf,
    },
    /// It was to replace a device, a pipe or a folder.
    #[error("{} is there and is not a regular file; choose another name", path.display())]
    NotAFile {
        /// Where it was to go.
        path: PathBuf,
    },
    /// Somebody else downloads the same to the same place.
    #[error("another download to {} is under way; wait for it, or choose another name", path.display())]
    Busy {
        /// Where it was to go.
        path: PathBuf,
    },
    /// What lies where an unfinished download would be is not one of this user's: nothing is
    /// written where others could read it.
    #[error(
        "{} is not an unfinished download that only you can read; remove it, or choose another name",
        path.display()
    )]
    NotOurs {
        /// What lies there.
        path: PathBuf,
    },
    /// Whoever was to take the plaintext does not take it.
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
}

impl DownloadError {
    /// As the retry policy judges it; `None` for what another attempt cannot change.
    pub(super) fn failure(&self) -> Option<RequestFailure> {
        match self {
            Self::Cut { cause, .. } => Some(cause.failure()),
            Self::Request(error) => match error.problem().and_then(|p| p.known_code()) {
                // Statuses of a fault that may pass, for what does not.
                Some(ProblemCode::ObjectDamaged | ProblemCode::ObjectReplaced) => None,
                _ => Some(error.failure()),
            },
            _ => None,
        }
    }

    /// Whether a later download may go on with what this one got.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Cut { .. }
            | Self::Cancelled
            | Self::Unwritable { .. }
            | Self::Exists { .. }
            // Of something in between, more often than not.
            | Self::OtherAnswer => true,
            Self::Request(error) => !error.problem().is_some_and(|problem| {
                matches!(
                    problem.known_code(),
                    Some(
                        ProblemCode::NotFound
                            | ProblemCode::ObjectDamaged
                            | ProblemCode::ObjectReplaced
                    )
                )
            }),
            _ => false,
        }
    }
}

//! The errors with which a download ends.

use std::{io, path::PathBuf};

use sealift_transfer::{api::ProblemCode, retry::RequestFailure};

use crate::error::RequestError;

/// Why a download gave no plaintext, or not all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The request failed or was refused.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The person cancelled the download. Bytes that are kept stay for the next download.
    #[error("the download was cancelled")]
    Cancelled,
    /// The range is empty, so there is nothing to ask for.
    #[error("an empty range cannot be downloaded; give a range of at least one byte")]
    EmptyRange,
    /// The server's answer is not the part of the file that was asked for.
    #[error(
        "the server's answer is not the part of the file that was asked for; check any proxy in between"
    )]
    OtherAnswer,
    /// The download broke off, so the received bytes are not the whole file.
    #[error("the download broke off after {got_bytes} of {expected_bytes} bytes; try again")]
    Cut {
        /// Bytes that were received.
        got_bytes: u64,
        /// Bytes that were expected.
        expected_bytes: u64,
        /// The cause on the connection.
        #[source]
        cause: RequestError,
    },
    /// The file was sealed again while it was downloaded, so the rest belongs to another message.
    #[error("the file was replaced on the server while it was downloaded; download it again")]
    Replaced,
    /// All bytes were received, but they are not those that the server found when it opened every frame.
    #[error(
        "the received bytes are not the file: their SHA-256 is {got}, but the server has recorded \
         {recorded}; download it again, and if that does not help check this disk and any proxy in between"
    )]
    Differs {
        /// SHA-256 of the received bytes, in hexadecimal digits.
        got: String,
        /// SHA-256 that the server recorded, in hexadecimal digits.
        recorded: String,
    },
    /// The file cannot be written to disk.
    #[error("{} cannot be written; check the folder and the space on the disk", path.display())]
    Unwritable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the file system.
        #[source]
        cause: io::Error,
    },
    /// The path is already taken, and the download must not replace anything.
    #[error("{} is there already; choose another name", path.display())]
    Exists {
        /// The path of the download.
        path: PathBuf,
    },
    /// The path names a device, a pipe or a folder, which a download does not replace.
    #[error("{} is there and is not a regular file; choose another name", path.display())]
    NotAFile {
        /// The path of the download.
        path: PathBuf,
    },
    /// Another download of the same file to the same path is running.
    #[error("another download to {} is under way; wait for it, or choose another name", path.display())]
    Busy {
        /// The path of the download.
        path: PathBuf,
    },
    /// The path for the unfinished download is taken by something that is not this user's private
    /// folder. Nothing is written there, because others could read it.
    #[error(
        "{} is not an unfinished download that only you can read; remove it, or choose another name",
        path.display()
    )]
    NotOurs {
        /// The path that is taken.
        path: PathBuf,
    },
    /// The output for the plaintext failed.
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
}

impl DownloadError {
    /// Returns the failure for the retry policy, or `None` if another attempt cannot help.
    pub(super) fn failure(&self) -> Option<RequestFailure> {
        match self {
            Self::Cut { cause, .. } => Some(cause.failure()),
            Self::Request(error) => match error.problem().and_then(|p| p.known_code()) {
                // These codes have a status that normally allows a retry, but they do not go away.
                Some(ProblemCode::ObjectDamaged | ProblemCode::ObjectReplaced) => None,
                _ => Some(error.failure()),
            },
            _ => None,
        }
    }

    /// Returns whether a later download may continue with the bytes that this one received.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Cut { .. }
            | Self::Cancelled
            | Self::Unwritable { .. }
            | Self::Exists { .. }
            // A proxy in between is the most likely cause.
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

//! The requests that can go in a batch, and their answers, for one item or many.

use serde::Serialize;

use crate::{
    address::Moment,
    api::{
        CompleteUpload, FileRecord, OpenUpload, OpenedUpload, SignParts, SignedParts,
        batch::{self, Batch, FinishUpload, SignUpload},
        complete, open, sign,
    },
    driver::{Done, Side},
};

/// A request of one upload. It serialises as an item of a batch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Ask {
    /// Opens the upload.
    Open(OpenUpload),
    /// Asks for signatures of its parts.
    Sign(SignUpload),
    /// Completes it.
    Complete(FinishUpload),
}

/// The kind of a request. A batch has one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Ask::Open`].
    Open,
    /// [`Ask::Sign`].
    Sign,
    /// [`Ask::Complete`].
    Complete,
}

/// The answer to an [`Ask`].
#[derive(Debug)]
pub enum Answered {
    /// The answer to [`Ask::Open`].
    Opened(Box<OpenedUpload>),
    /// The answer to [`Ask::Sign`].
    Signed(SignedParts),
    /// The answer to [`Ask::Complete`].
    Completed(Box<FileRecord>),
}

/// The body of a request: that of a single route, or a batch.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Body<'a> {
    /// For `POST /v1/uploads`.
    Open(&'a OpenUpload),
    /// For `POST /v1/uploads/{id}/parts`.
    Sign(&'a SignParts),
    /// For `POST /v1/uploads/{id}/complete`.
    Complete(CompleteUpload),
    /// For the routes of batches.
    Batch(Batch<&'a Ask>),
}

impl Ask {
    /// Returns the kind of the request.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Open(_) => Kind::Open,
            Self::Sign(_) => Kind::Sign,
            Self::Complete(_) => Kind::Complete,
        }
    }

    fn alone(&self) -> (String, Body<'_>) {
        match self {
            Self::Open(request) => (open::PATH.to_owned(), Body::Open(request)),
            Self::Sign(SignUpload { upload_id, parts }) => {
                (sign::path(upload_id), Body::Sign(parts))
            }
            Self::Complete(FinishUpload {
                upload_id,
                parts_sha256,
            }) => {
                let request = CompleteUpload {
                    parts_sha256: *parts_sha256,
                };
                (complete::path(upload_id), Body::Complete(request))
            }
        }
    }
}

impl Kind {
    fn batch_path(self) -> &'static str {
        match self {
            Self::Open => batch::OPEN_PATH,
            Self::Sign => batch::SIGN_PATH,
            Self::Complete => batch::COMPLETE_PATH,
        }
    }
}

/// Returns the path and the body of the `POST` for these items, which are of this kind. One item goes to its
/// single route, several to the route of batches.
#[must_use]
pub fn request<'a>(kind: Kind, items: Vec<&'a Ask>) -> (String, Body<'a>) {
    match items[..] {
        [ask] => ask.alone(),
        _ => (
            kind.batch_path().to_owned(),
            Body::Batch(Batch { uploads: items }),
        ),
    }
}

impl Answered {
    /// Returns the result for the driver. `asked_at` is when the item was added.
    #[must_use]
    pub fn done<S: Side>(self, asked_at: Moment) -> Done<S> {
        match self {
            Self::Opened(opened) => Done::Opened(opened),
            Self::Signed(SignedParts { parts, .. }) => Done::Signed { parts, asked_at },
            Self::Completed(record) => Done::Completed(record),
        }
    }
}

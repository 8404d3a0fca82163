//! How a request fails. No error holds a presigned address, a key or plaintext.

use core::{error::Error, fmt, time::Duration};

use sealift_transfer::{api::Problem, retry::RequestFailure};

/// Whom a request went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The Sealift server.
    Server,
    /// The object store.
    Store,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "the server",
            Self::Store => "the store",
        })
    }
}

/// How a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No answer, or one that broke off.
    #[error("{peer} does not answer; check that it can be reached, then try again")]
    NoAnswer {
        /// Who.
        peer: Peer,
        /// What happened on the way.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The server says why.
    #[error("{problem}")]
    Refused {
        /// What it says.
        problem: Box<Problem>,
        /// The answer's HTTP status.
        status: u16,
        /// Its `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The store did not take a part.
    #[error("the store answered {status} ({code}) instead of taking the part; try again later")]
    StoreRefused {
        /// The answer's HTTP status.
        status: u16,
        /// S3's name of the error; `unknown` where there is none.
        code: String,
        /// The answer's `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// An error that no Sealift server words like this: most often a proxy's.
    #[error(
        "the answer {status} is not from a Sealift server; check the address and what is in between"
    )]
    NotSealift {
        /// The answer's HTTP status.
        status: u16,
        /// Its `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// A good answer that cannot be read.
    #[error("the server's answer cannot be read; is it of another version?")]
    Incomprehensible {
        /// The answer's HTTP status.
        status: u16,
        /// What is wrong with it.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The request cannot be written.
    #[error("the request cannot be sent; is the server of another version?")]
    Unsendable {
        /// What is wrong with it.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl RequestError {
    /// No answer, for a reason that reqwest gives. Its address goes: it may be presigned.
    pub(crate) fn no_answer(peer: Peer, error: reqwest::Error) -> Self {
        let cause = Box::new(error.without_url());
        if cause.is_builder() {
            return Self::Unsendable { cause };
        }
        Self::NoAnswer { peer, cause }
    }

    /// Nothing came for so long.
    pub(crate) fn silent(peer: Peer, silent_for: Duration) -> Self {
        let cause = Box::new(Silent(silent_for));
        Self::NoAnswer { peer, cause }
    }

    /// The server's [`Problem`], where it sent one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// As the retry policy judges it.
    pub(crate) fn failure(&self) -> RequestFailure {
        self.put_failure(false)
    }

    /// As the retry policy judges it after a PUT to a presigned address; `address_ended` says
    /// whether that address has ended.
    pub(crate) fn put_failure(&self, address_ended: bool) -> RequestFailure {
        let (status, retry_after_ms) = match self {
            Self::NoAnswer { .. } => return RequestFailure::Network,
            Self::StoreRefused {
                status,
                code,
                retry_after_ms,
            } => {
                return RequestFailure::of_store(*status, code, *retry_after_ms, address_ended);
            }
            Self::Refused {
                problem,
                status,
                retry_after_ms,
            } => {
                let code = problem.known_code();
                return RequestFailure::of_server(*status, code, *retry_after_ms);
            }
            Self::NotSealift {
                status,
                retry_after_ms,
            } => (*status, *retry_after_ms),
            Self::Incomprehensible { status, .. } => (*status, None),
            // As if the other side had called it a bad request: again is no better.
            Self::Unsendable { .. } => (400, None),
        };
        RequestFailure::Status {
            status,
            retry_after_ms,
        }
    }
}

/// The other side was silent for too long.
#[derive(Debug, thiserror::Error)]
#[error("nothing happened for {} seconds", .0.as_secs())]
pub(crate) struct Silent(pub(crate) Duration);

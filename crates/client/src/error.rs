//! The errors of requests. No error holds a presigned URL, a key or plaintext.

use core::{error::Error, fmt, iter, time::Duration};
use std::sync::Arc;

use sealift_transfer::{api::Problem, retry::RequestFailure};

/// The side that a request went to.
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
    /// There was no answer, or the answer broke off.
    #[error("{peer} does not answer; check that it can be reached, then try again")]
    NoAnswer {
        /// The side that does not answer.
        peer: Peer,
        /// The cause on the connection.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The server refused the request and says why.
    #[error("{problem}")]
    Refused {
        /// The server's explanation.
        problem: Box<Problem>,
        /// The answer's HTTP status.
        status: u16,
        /// The answer's `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The store refused a part.
    #[error("the store refused the part with {status} ({code}); try again later")]
    StoreRefused {
        /// The answer's HTTP status.
        status: u16,
        /// S3's name of the error; `unknown` if the answer has none.
        code: String,
        /// The answer's `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The error answer does not have the form of a Sealift server. Most often it comes from a proxy.
    #[error(
        "the answer {status} is not from a Sealift server; check the address and any proxy in between"
    )]
    NotSealift {
        /// The answer's HTTP status.
        status: u16,
        /// The answer's `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The answer reports success but cannot be read.
    #[error("the server's answer cannot be read; the server may have another version")]
    Incomprehensible {
        /// The answer's HTTP status.
        status: u16,
        /// The fault in the answer.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The request cannot be built.
    #[error("the request cannot be sent; the server may have another version")]
    Unsendable {
        /// The fault in the request.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl RequestError {
    /// Makes an error from one of reqwest. Removes the address from it, because the address may be
    /// presigned.
    pub(crate) fn no_answer(peer: Peer, error: reqwest::Error) -> Self {
        let cause = Box::new(error.without_url());
        if cause.is_builder() {
            return Self::Unsendable { cause };
        }
        Self::NoAnswer { peer, cause }
    }

    /// Makes the error for a side that sent nothing for this long.
    pub(crate) fn silent(peer: Peer, silent_for: Duration) -> Self {
        let cause = Box::new(Silent(silent_for));
        Self::NoAnswer { peer, cause }
    }

    /// Makes the error of a request that ended without a result.
    pub(crate) fn unanswered() -> Self {
        let (peer, cause) = (Peer::Server, Box::new(Unanswered));
        Self::NoAnswer { peer, cause }
    }

    /// Returns the error of each of `count` items whose request failed as a whole.
    pub(crate) fn of_each<T>(whole: Self, count: usize) -> Vec<Result<T, Self>> {
        if count == 1 {
            return vec![Err(whole)];
        }
        let whole = Arc::new(whole);
        let items = iter::repeat_with(|| Err(Self::of_item(&whole)));
        items.take(count).collect()
    }

    fn of_item(whole: &Arc<Self>) -> Self {
        let cause = Box::new(SharedCause(whole.clone()));
        match &**whole {
            Self::NoAnswer { peer, .. } => Self::NoAnswer { peer: *peer, cause },
            Self::Refused {
                problem,
                status,
                retry_after_ms,
            } => Self::Refused {
                problem: problem.clone(),
                status: *status,
                retry_after_ms: *retry_after_ms,
            },
            Self::StoreRefused {
                status,
                code,
                retry_after_ms,
            } => Self::StoreRefused {
                status: *status,
                code: code.clone(),
                retry_after_ms: *retry_after_ms,
            },
            Self::NotSealift {
                status,
                retry_after_ms,
            } => Self::NotSealift {
                status: *status,
                retry_after_ms: *retry_after_ms,
            },
            Self::Incomprehensible { status, .. } => Self::Incomprehensible {
                status: *status,
                cause,
            },
            Self::Unsendable { .. } => Self::Unsendable { cause },
        }
    }

    /// Returns the server's [`Problem`], if it sent one.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// Returns the failure for the retry policy.
    pub(crate) fn failure(&self) -> RequestFailure {
        self.put_failure(false)
    }

    /// Returns the failure of a PUT to a presigned URL for the retry policy. `address_ended` says
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
            // This counts as a bad request, because another attempt would fail in the same way.
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

/// The request ended, but nobody gave its result.
#[derive(Debug, thiserror::Error)]
#[error("the request stopped")]
struct Unanswered;

/// The cause of a failure that several items share.
#[derive(Debug)]
struct SharedCause(Arc<RequestError>);

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(cause) => fmt::Display::fmt(cause, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl Error for SharedCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()?.source()
    }
}

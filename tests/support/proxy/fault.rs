//! The faults that the proxy can cause.

use core::{fmt, time::Duration};

use http::StatusCode;

/// A fault. A byte count says after how many bytes it happens. If there are fewer bytes, it still
/// happens before their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset before any byte is forwarded.
    DropRequest,
    /// The request continues after this time. Only random runs use it; a story that waits uses [`super::Gate`].
    Delay(Duration),
    /// Nothing is forwarded and nothing is answered for this time. Then the connection is reset.
    Stall(Duration),
    /// The connection is reset in the middle of the request's body.
    ResetRequest {
        /// Bytes of the body that pass first.
        after_bytes: u64,
    },
    /// The request takes effect; the connection is reset in the middle of the answer.
    ResetAnswer {
        /// Bytes of the answer that pass first, its head included.
        after_bytes: u64,
    },
    /// The request takes effect. The answer ends early, by a clean end of the connection.
    TruncateAnswer {
        /// Bytes of the answer that pass first, its head included.
        after_bytes: u64,
    },
    /// The request takes effect, but no byte of the answer is sent back.
    LoseAnswer,
    /// Answers 500 in the target's format.
    InternalError,
    /// Answers 503 `SlowDown`, or the target's equivalent.
    SlowDown {
        /// Seconds in the `Retry-After` header, if any.
        retry_after_s: Option<u32>,
    },
    /// Answers 403, as for an expired signature.
    Expired,
    /// Answers 200 with an error in the body, as S3 may answer CompleteMultipartUpload. The request has no effect.
    OkWithError,
    /// Answers 400 with this S3 code, as some stores refuse an expired presigned URL. The proxy reads the whole
    /// body before it answers.
    AddressEnded {
        /// The S3 error code, such as `ExpiredRequest`.
        code: &'static str,
    },
    /// Answers 400 with this code of KMS, as for a disabled key or a missing permission.
    RefusedByKms {
        /// The error code of KMS, such as `DisabledException`.
        code: &'static str,
    },
    /// Answers this status and S3 code before it reads the body, then resets the connection. The sender of a large body
    /// may therefore see no answer at all.
    RefusedEarly {
        /// 400, 401 or 403.
        status: StatusCode,
        /// The S3 error code, such as `AccessDenied`.
        code: &'static str,
    },
}

/// A fault without its numbers. The proxy counts faults by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// [`Fault::DropRequest`]
    DropRequest,
    /// [`Fault::Delay`]
    Delay,
    /// [`Fault::Stall`]
    Stall,
    /// [`Fault::ResetRequest`]
    ResetRequest,
    /// [`Fault::ResetAnswer`]
    ResetAnswer,
    /// [`Fault::TruncateAnswer`]
    TruncateAnswer,
    /// [`Fault::LoseAnswer`]
    LoseAnswer,
    /// [`Fault::InternalError`]
    InternalError,
    /// [`Fault::SlowDown`]
    SlowDown,
    /// [`Fault::Expired`]
    Expired,
    /// [`Fault::OkWithError`]
    OkWithError,
    /// [`Fault::AddressEnded`]
    AddressEnded,
    /// [`Fault::RefusedByKms`]
    RefusedByKms,
    /// [`Fault::RefusedEarly`]
    RefusedEarly,
}

impl Fault {
    /// Returns the kind of this fault.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::DropRequest => FaultKind::DropRequest,
            Self::Delay(_) => FaultKind::Delay,
            Self::Stall(_) => FaultKind::Stall,
            Self::ResetRequest { .. } => FaultKind::ResetRequest,
            Self::ResetAnswer { .. } => FaultKind::ResetAnswer,
            Self::TruncateAnswer { .. } => FaultKind::TruncateAnswer,
            Self::LoseAnswer => FaultKind::LoseAnswer,
            Self::InternalError => FaultKind::InternalError,
            Self::SlowDown { .. } => FaultKind::SlowDown,
            Self::Expired => FaultKind::Expired,
            Self::OkWithError => FaultKind::OkWithError,
            Self::AddressEnded { .. } => FaultKind::AddressEnded,
            Self::RefusedByKms { .. } => FaultKind::RefusedByKms,
            Self::RefusedEarly { .. } => FaultKind::RefusedEarly,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::DropRequest => "connection reset before the request",
            Self::Delay => "delayed",
            Self::Stall => "stalled, then reset",
            Self::ResetRequest => "reset in the request's body",
            Self::ResetAnswer => "reset in the answer",
            Self::TruncateAnswer => "answer truncated",
            Self::LoseAnswer => "answer lost, request took effect",
            Self::InternalError => "500",
            Self::SlowDown => "503 SlowDown",
            Self::Expired => "403 expired",
            Self::OkWithError => "200 with an error in the body",
            Self::AddressEnded => "400, expired URL",
            Self::RefusedByKms => "refused by KMS",
            Self::RefusedEarly => "refused before the body was read",
        })
    }
}

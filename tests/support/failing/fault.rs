//! What can happen to a request.

use core::{fmt, time::Duration};

use http::StatusCode;

/// A fault. Byte counts say after how many of them it happens; where there are fewer, it happens
/// before their end all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset before anything is sent on.
    DropRequest,
    /// It waits for [`super::FailingProxy::release`], then goes on.
    Hold,
    /// It goes on later. For random runs only: a story that waits uses [`Fault::Hold`].
    Delay(Duration),
    /// Nothing is sent on, and for so long nothing comes back; then the connection is reset.
    Stall(Duration),
    /// The connection is reset in the middle of the request's body.
    ResetRequest {
        /// Of the body.
        after_bytes: u64,
    },
    /// The request takes effect; the connection is reset in the middle of the answer.
    ResetAnswer {
        /// Of the answer, its head included.
        after_bytes: u64,
    },
    /// The request takes effect; the answer ends early, in good order.
    TruncateAnswer {
        /// Of the answer, its head included.
        after_bytes: u64,
    },
    /// The request takes effect; no byte of the answer comes.
    LoseAnswer,
    /// 500, as the target words it.
    InternalError,
    /// 503 `SlowDown` or the target's word for it.
    SlowDown {
        /// Its `Retry-After`.
        retry_after_s: Option<u32>,
    },
    /// 403, as for a signature that has expired.
    Expired,
    /// 200 with an error in the body, as S3 may answer CompleteMultipartUpload; it had no effect.
    OkWithError,
    /// 400 with this S3 code, as some stores refuse a presigned address that has ended. The whole
    /// body is read before the answer.
    AddressEnded {
        /// Such as `ExpiredRequest`.
        code: &'static str,
    },
    /// This status and S3 code before the body is read. Then the connection is reset, so that the
    /// sender of a large body may see no answer at all.
    RefusedEarly {
        /// 400, 401 or 403.
        status: StatusCode,
        /// Such as `AccessDenied`.
        code: &'static str,
    },
}

/// A fault without its numbers, to count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// [`Fault::DropRequest`]
    DropRequest,
    /// [`Fault::Hold`]
    Hold,
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
    /// [`Fault::RefusedEarly`]
    RefusedEarly,
}

impl Fault {
    /// Without its numbers.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::DropRequest => FaultKind::DropRequest,
            Self::Hold => FaultKind::Hold,
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
            Self::RefusedEarly { .. } => FaultKind::RefusedEarly,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::DropRequest => "connection reset before the request",
            Self::Hold => "held",
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
            Self::AddressEnded => "400, ended address",
            Self::RefusedEarly => "refused before the body was read",
        })
    }
}

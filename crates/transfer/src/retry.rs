//! Decides what to do after a failed request. A retry sends the same bytes again, never others.

mod of_store;

use crate::api::ProblemCode;

/// How a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestFailure {
    /// There was no answer: the connection was refused or reset, timed out or stalled.
    Network,
    /// The driver knows that there is no network, so it sent nothing.
    Offline,
    /// The server is completing the upload for another request and has no result yet.
    Completing {
        /// The answer's `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The store refused the presigned URL, not the bytes: the signature has ended, or the
    /// store does not accept it. Another URL may help.
    AddressRefused {
        /// The status of the store's answer.
        status: u16,
    },
    /// The answer had this HTTP status.
    Status {
        /// The HTTP status.
        status: u16,
        /// The answer's `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
}

impl RequestFailure {
    /// Returns the failure of a request that the server, or a proxy in front of it, refused with this
    /// status. `code` is the server's problem code, if the answer has one.
    #[must_use]
    pub fn of_server(status: u16, code: Option<ProblemCode>, retry_after_ms: Option<u64>) -> Self {
        match code {
            Some(ProblemCode::Completing) => Self::Completing { retry_after_ms },
            _ => Self::Status {
                status,
                retry_after_ms,
            },
        }
    }

    /// Returns the HTTP status of the answer, if there was one.
    #[must_use]
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::AddressRefused { status } => Some(status),
            Self::Network | Self::Offline | Self::Completing { .. } => None,
        }
    }
}

/// The decision after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send the same request again after a wait.
    RetryIn {
        /// Milliseconds to wait.
        wait_ms: u64,
    },
    /// Stop, because the failure will not go away by itself.
    GiveUp,
}

/// The upper bound of the first back-off. It doubles with each attempt.
const FIRST_BACKOFF_MS: u64 = 500;
/// The longest back-off. It is short enough to notice soon when a store is back.
const LONGEST_BACKOFF_MS: u64 = 20_000;
/// The longest `Retry-After` to wait for. After a longer one the request fails, so that the person
/// can decide.
const LONGEST_RETRY_AFTER_MS: u64 = 120_000;
/// Attempts at one request in all. Their back-offs add up to 52 seconds at most, on average to half.
const MOST_ATTEMPTS: u32 = 8;

/// Decides what to do after a failure. `attempt` counts from 1; `jitter` is random in 0..=65,535
/// and spreads the waiting clients over the whole back-off ("full jitter").
#[must_use]
pub fn after(failure: RequestFailure, attempt: u32, jitter: u16) -> Verdict {
    let retry_after_ms = match failure {
        RequestFailure::Network | RequestFailure::Offline => None,
        RequestFailure::Completing { retry_after_ms } => retry_after_ms,
        RequestFailure::Status {
            status,
            retry_after_ms,
        } if is_transient(status) => retry_after_ms,
        RequestFailure::Status { .. } | RequestFailure::AddressRefused { .. } => {
            return Verdict::GiveUp;
        }
    };
    if attempt >= MOST_ATTEMPTS || retry_after_ms.is_some_and(|ms| ms > LONGEST_RETRY_AFTER_MS) {
        return Verdict::GiveUp;
    }
    let bound = FIRST_BACKOFF_MS
        .saturating_mul(
            1_u64
                .checked_shl(attempt.saturating_sub(1))
                .unwrap_or(u64::MAX),
        )
        .min(LONGEST_BACKOFF_MS);
    let spread = bound.saturating_mul(u64::from(jitter));
    let spread = spread.checked_div(u64::from(u16::MAX)).unwrap_or(bound);
    // The jitter is added to a Retry-After, because otherwise all clients would return at once.
    let wait_ms = retry_after_ms.map_or(spread, |ms| ms.saturating_add(spread.min(1_000)));
    Verdict::RetryIn { wait_ms }
}

/// Returns whether another attempt may help: after time-outs, throttling and the server's own faults.
fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> RequestFailure {
        RequestFailure::Status {
            status,
            retry_after_ms: None,
        }
    }

    #[test]
    fn the_back_off_doubles_and_ends() {
        let longest = |attempt| match after(status(503), attempt, u16::MAX) {
            Verdict::RetryIn { wait_ms } => wait_ms,
            Verdict::GiveUp => 0,
        };
        assert_eq!([1, 2, 3, 7, 8].map(longest), [500, 1_000, 2_000, 20_000, 0]);
        assert_eq!(after(status(503), 3, 0), Verdict::RetryIn { wait_ms: 0 });
    }

    #[test]
    fn what_will_not_change_is_not_tried_again() {
        for s in [400, 401, 403, 404, 409, 410, 413, 416, 422, 424, 501] {
            assert_eq!(after(status(s), 1, 0), Verdict::GiveUp, "{s}");
        }
    }

    #[test]
    fn a_completion_under_way_is_told_from_a_store_that_is_down() {
        let wait = Some(8_000);
        let failure = |code| RequestFailure::of_server(503, code, wait);
        let completing = RequestFailure::Completing {
            retry_after_ms: wait,
        };
        assert_eq!(failure(Some(ProblemCode::Completing)), completing);
        for code in [None, Some(ProblemCode::StoreUnavailable)] {
            let status = RequestFailure::Status {
                status: 503,
                retry_after_ms: wait,
            };
            assert_eq!(failure(code), status);
        }
    }

    #[test]
    fn a_refused_address_is_never_sent_to_again() {
        for status in [400, 401, 403] {
            let refused = RequestFailure::AddressRefused { status };
            assert_eq!(after(refused, 1, 0), Verdict::GiveUp);
            assert_eq!(refused.status(), Some(status));
        }
    }

    #[test]
    fn a_retry_after_is_waited_for_in_full_but_not_for_ever() {
        let with = |ms| RequestFailure::Status {
            status: 429,
            retry_after_ms: Some(ms),
        };
        assert_eq!(
            after(with(7_000), 1, 0),
            Verdict::RetryIn { wait_ms: 7_000 }
        );
        assert_eq!(
            after(with(7_000), 1, u16::MAX),
            Verdict::RetryIn { wait_ms: 7_500 }
        );
        assert_eq!(after(with(121_000), 1, 0), Verdict::GiveUp);
    }

    #[test]
    fn a_lost_connection_is_tried_again_as_often_as_a_fault() {
        assert!(matches!(
            after(RequestFailure::Network, 7, 9),
            Verdict::RetryIn { .. }
        ));
        assert_eq!(after(RequestFailure::Network, 8, 9), Verdict::GiveUp);
    }
}

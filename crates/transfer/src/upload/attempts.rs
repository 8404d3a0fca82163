//! Counts the attempts at one request and decides what an event means for it.

use super::{Command, Event, Outcome, Request, Until};
use crate::{
    api::UploadState,
    retry::{self, RequestFailure, Verdict},
};

/// The failed attempts at one request, by cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempts {
    failed: u32,
    /// Answers that said that the upload is being completed.
    completing: u32,
    /// Credentials that the server refused.
    refused: u32,
}

/// How often a request waits for another credential. A caller whose fourth credential is refused has
/// no good one.
const MOST_CREDENTIALS: u32 = 3;

/// The most answers that the upload is being completed: an hour of them, because the server asks for
/// waits of 9 seconds. No store joins parts for longer.
const MOST_COMPLETING: u32 = 400;
/// The wait before the completion is asked for again, if the server gives none.
const ASK_AGAIN_MS: u64 = 9_000;
/// The shortest and the longest of these waits, whatever the server says.
const ASK_AGAIN_WITHIN_MS: (u64, u64) = (1_000, 60_000);

/// The meaning of an event for the one request of a phase.
pub(super) enum Meaning {
    /// The request must be sent again now.
    Again,
    /// The request failed and must be sent again after this wait.
    Waits(Command),
    /// The request failed for good, and the upload ends like this.
    Over(Outcome),
    /// The event is not about the request, so the phase handles it.
    Other(Event),
}

impl Attempts {
    /// Decides what an event means for a phase that makes one request.
    pub(super) fn meaning(&mut self, request: Request, event: Event) -> Meaning {
        match event {
            Event::Waited(waited) if waited == request => Meaning::Again,
            Event::RefusedCredential(refused) if refused == request => {
                Meaning::Over(without_credential(request))
            }
            Event::RequestFailed {
                request: failed,
                failure,
                jitter,
            } if failed == request => match self.failed(request, failure, jitter) {
                Ok(wait) => Meaning::Waits(wait),
                Err(outcome) => Meaning::Over(outcome),
            },
            event => Meaning::Other(event),
        }
    }

    /// Returns the wait before another attempt, or how the upload ends.
    pub(super) fn failed(
        &mut self,
        request: Request,
        failure: RequestFailure,
        jitter: u16,
    ) -> Result<Command, Outcome> {
        let is_to_server = !matches!(request, Request::Put(_));
        let until = match failure {
            // Waiting for the network or for a login does not count as a retry.
            RequestFailure::Offline => Until::Online,
            RequestFailure::Status { status: 401, .. }
                if is_to_server && self.refused >= MOST_CREDENTIALS =>
            {
                return Err(without_credential(request));
            }
            RequestFailure::Status { status: 401, .. } if is_to_server => {
                self.refused = self.refused.saturating_add(1);
                Until::Credential
            }
            RequestFailure::Status { status: 410, .. } if is_to_server => {
                return Err(Outcome::Gone(UploadState::Aborted));
            }
            // This is an answer and not a failure, so it does not count as a retry either.
            RequestFailure::Completing { retry_after_ms } if self.completing < MOST_COMPLETING => {
                self.completing = self.completing.saturating_add(1);
                let (least_ms, most_ms) = ASK_AGAIN_WITHIN_MS;
                let wait_ms = retry_after_ms.unwrap_or(ASK_AGAIN_MS);
                Until::Elapsed {
                    wait_ms: wait_ms.clamp(least_ms, most_ms),
                }
            }
            RequestFailure::Completing { .. } => return Err(Outcome::Failed { request, failure }),
            failure => match retry::after(failure, self.failed.saturating_add(1), jitter) {
                Verdict::RetryIn { wait_ms } => {
                    self.failed = self.failed.saturating_add(1);
                    Until::Elapsed { wait_ms }
                }
                Verdict::GiveUp => return Err(Outcome::Failed { request, failure }),
            },
        };
        Ok(Command::Wait { request, until })
    }
}

/// Returns the outcome of an upload whose server accepts no credential of the caller.
pub(super) fn without_credential(request: Request) -> Outcome {
    let failure = RequestFailure::Status {
        status: 401,
        retry_after_ms: None,
    };
    Outcome::Failed { request, failure }
}

//! Attempts at one request, and what an event means for it.

use super::{Command, Event, Outcome, Request, Until};
use crate::{
    api::UploadState,
    retry::{self, RequestFailure, Verdict},
};

/// Attempts at one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempts {
    failed: u32,
    /// Answers that the upload is being completed.
    completing: u32,
    /// Credentials that were refused.
    refused: u32,
}

/// Another credential is waited for so often. Whoever gives a fourth that is refused has none.
const MOST_CREDENTIALS: u32 = 3;

/// An hour of such answers, at the 9 seconds that the server says. No store joins parts for longer.
const MOST_COMPLETING: u32 = 400;
/// Before the question is asked again, where the server does not say.
const ASK_AGAIN_MS: u64 = 9_000;
/// It is asked within these bounds, whatever is said.
const ASK_AGAIN_WITHIN_MS: (u64, u64) = (1_000, 60_000);

/// What an event means for the one request of a phase.
pub(super) enum Turn {
    /// The request is to be made again now.
    Again,
    /// It failed, and is to be made again later.
    Waits(Command),
    /// It failed for good.
    Over(Outcome),
    /// Nothing.
    Other(Event),
}

impl Attempts {
    /// For a phase that makes one request.
    pub(super) fn turn(&mut self, request: Request, event: Event) -> Turn {
        match event {
            Event::Waited(waited) if waited == request => Turn::Again,
            Event::RefusedCredential(refused) if refused == request => {
                Turn::Over(without_credential(request))
            }
            Event::RequestFailed {
                request: failed,
                failure,
                jitter,
            } if failed == request => match self.failed(request, failure, jitter) {
                Ok(wait) => Turn::Waits(wait),
                Err(outcome) => Turn::Over(outcome),
            },
            event => Turn::Other(event),
        }
    }

    /// The wait before another attempt, or how the upload ends.
    pub(super) fn failed(
        &mut self,
        request: Request,
        failure: RequestFailure,
        jitter: u16,
    ) -> Result<Command, Outcome> {
        let is_to_server = !matches!(request, Request::Put(_));
        let until = match failure {
            // Neither is the request's fault, and waiting for it is no attempt.
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
            // An answer, and no failure.
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

/// How an upload ends whose server takes no credential of the caller's.
pub(super) fn without_credential(request: Request) -> Outcome {
    let failure = RequestFailure::Status {
        status: 401,
        retry_after_ms: None,
    };
    Outcome::Failed { request, failure }
}

//! Attempts at one request, and what an event means for it.

use super::{Command, Event, Outcome, Request, Until};
use crate::{
    api::UploadState,
    retry::{self, RequestFailure, Verdict},
};

/// Attempts at one request, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempts(u32);

impl Default for Attempts {
    fn default() -> Self {
        Self(1)
    }
}

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
            RequestFailure::Status { status: 401, .. } if is_to_server => Until::Credential,
            RequestFailure::Status { status: 410, .. } if is_to_server => {
                return Err(Outcome::Gone(UploadState::Aborted));
            }
            failure => match retry::after(failure, self.0, jitter) {
                Verdict::RetryIn { wait_ms } => {
                    self.0 = self.0.saturating_add(1);
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

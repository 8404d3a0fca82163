//! Decides which requests meet which fault when no cue is given.

use core::time::Duration;

use http::StatusCode;

use super::{
    fault::{Fault, FaultKind},
    request::{Operation, RequestHead},
};
use crate::Randomness;

/// Codes by which stores refuse an expired presigned URL (Cloudflare R2, AWS, Garage and Google), and two more
/// by which stores refuse a signature.
const ENDED_ADDRESS: [&str; 5] = [
    "ExpiredRequest",
    "ExpiredToken",
    "InvalidRequest",
    "MalformedHeader",
    "AuthorizationQueryParametersError",
];

/// The plan of a proxy.
#[derive(Debug, Default)]
pub struct Plan {
    random: Option<Random>,
}

#[derive(Debug)]
struct Random {
    randomness: Randomness,
    faults_per_thousand: u64,
    kinds: Vec<FaultKind>,
    longest_delay: Duration,
    stall: Duration,
    /// The running spell: its fault, and how many more requests meet it.
    spell: Option<(FaultKind, u64)>,
}

impl Plan {
    /// Makes a plan without faults. Faults happen on cue only.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Makes a plan by which `faults_per_thousand` of a thousand requests meet a fault of one of these kinds, and
    /// three times as many of those that complete a multipart upload. One fault in eight begins a spell: the next few
    /// requests fail the same way, so that a client which retries at once uses up its attempts. The seed fixes the
    /// plan's decisions in order; the order of the requests depends on the machine.
    #[must_use]
    pub fn random(seed: u64, faults_per_thousand: u64, kinds: &[FaultKind]) -> Self {
        Self {
            random: Some(Random {
                randomness: Randomness::from_seed(seed),
                faults_per_thousand,
                kinds: kinds.to_vec(),
                longest_delay: Duration::from_millis(500),
                stall: Duration::from_secs(8),
                spell: None,
            }),
        }
    }

    /// Sets how long a stall lasts. It should exceed the time-out of every client.
    #[must_use]
    pub fn stalling_for(mut self, stall: Duration) -> Self {
        if let Some(random) = &mut self.random {
            random.stall = stall;
        }
        self
    }

    pub(super) fn fault_for(&mut self, request: &RequestHead) -> Option<Fault> {
        self.random.as_mut()?.fault_for(request)
    }
}

impl Random {
    fn fault_for(&mut self, request: &RequestHead) -> Option<Fault> {
        if request.operation == Operation::Other {
            return None;
        }
        let kind = match self.spell.take() {
            Some((kind, left)) => {
                self.spell = left.checked_sub(1).map(|left| (kind, left));
                kind
            }
            None if self.is_time_for(request) => {
                let kind = self.kind_for(request)?;
                let begins_a_spell = self.randomness.below(8) == 0 && kind != FaultKind::Stall;
                self.spell = begins_a_spell.then(|| (kind, 1 + self.randomness.below(4)));
                kind
            }
            None => return None,
        };
        self.fault(kind, request)
    }

    fn is_time_for(&mut self, request: &RequestHead) -> bool {
        let times = match request.operation {
            // Completions are few, and a fault in one has serious consequences.
            Operation::CompleteMultipart => 3,
            _ => 1,
        };
        self.randomness.below(1_000) < times * self.faults_per_thousand
    }

    /// Chooses the kind of the fault. Every third fault of a completion is a 200 with an error, because completions are
    /// few and only they can get that fault.
    fn kind_for(&mut self, request: &RequestHead) -> Option<FaultKind> {
        let is_completion = request.operation == Operation::CompleteMultipart;
        let at = self.randomness.below(u64::try_from(self.kinds.len()).ok()?);
        if is_completion && self.kinds.contains(&FaultKind::OkWithError) && at.is_multiple_of(3) {
            return Some(FaultKind::OkWithError);
        }
        self.kinds.get(usize::try_from(at).ok()?).copied()
    }

    /// Returns `None` if this fault does not fit the request.
    fn fault(&mut self, kind: FaultKind, request: &RequestHead) -> Option<Fault> {
        let body_len = request.body_len.unwrap_or_default();
        Some(match kind {
            FaultKind::DropRequest => Fault::DropRequest,
            FaultKind::Delay => Fault::Delay(self.below(self.longest_delay)),
            FaultKind::Stall => Fault::Stall(self.stall),
            FaultKind::ResetRequest if body_len == 0 => return None,
            FaultKind::ResetRequest => Fault::ResetRequest {
                after_bytes: self.randomness.below(body_len),
            },
            FaultKind::ResetAnswer => Fault::ResetAnswer {
                after_bytes: self.some_of_an_answer(),
            },
            FaultKind::TruncateAnswer => Fault::TruncateAnswer {
                after_bytes: self.some_of_an_answer(),
            },
            FaultKind::LoseAnswer => Fault::LoseAnswer,
            FaultKind::InternalError => Fault::InternalError,
            FaultKind::SlowDown => Fault::SlowDown {
                retry_after_s: (self.randomness.below(3) == 0).then_some(1),
            },
            // Only the sender of a presigned request can react to this.
            FaultKind::Expired => Fault::Expired,
            FaultKind::OkWithError if request.operation == Operation::CompleteMultipart => {
                Fault::OkWithError
            }
            FaultKind::OkWithError => return None,
            FaultKind::AddressEnded => Fault::AddressEnded {
                code: self.a_code_of_an_ended_address(),
            },
            // A refusal of KMS stays until an operator acts, so random runs have none.
            FaultKind::RefusedByKms => return None,
            // Without a body this is like any other refusal.
            FaultKind::RefusedEarly if body_len == 0 => return None,
            FaultKind::RefusedEarly => Fault::RefusedEarly {
                status: self.one_of(
                    StatusCode::BAD_REQUEST,
                    &[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN],
                ),
                code: self.a_code_of_an_ended_address(),
            },
        })
    }

    fn a_code_of_an_ended_address(&mut self) -> &'static str {
        let [first, others @ ..] = &ENDED_ADDRESS;
        self.one_of(first, others)
    }

    fn one_of<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let count = u64::try_from(others.len()).unwrap_or(0);
        let at = usize::try_from(self.randomness.below(count + 1)).unwrap_or(0);
        let other = at.checked_sub(1).and_then(|at| others.get(at));
        other.copied().unwrap_or(first)
    }

    /// Returns a byte count that is mostly within the head or soon behind it, and sometimes far into a long body.
    fn some_of_an_answer(&mut self) -> u64 {
        let most = if self.randomness.below(4) == 0 {
            4 * 1024 * 1024
        } else {
            1024
        };
        1 + self.randomness.below(most)
    }

    fn below(&mut self, longest: Duration) -> Duration {
        let most_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.randomness.below(most_ms))
    }
}

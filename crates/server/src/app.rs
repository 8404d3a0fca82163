//! What every handler works with: the parts of this deployment, put together once.

use std::{ops::Deref, sync::Arc};

use sealift_transfer::api::ProblemCode;

use crate::{
    caller::{Caller, KnownCaller, Via},
    clock::Clock,
    config::Config,
    keys::Keys,
    objects::Objects,
    problem::Refusal,
    rates::Rates,
    records::{AuditAction, AuditRow, Records, RecordsError, Scope},
    telemetry::RequestId,
};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Parts>);

/// The parts.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) records: Records,
    pub(crate) objects: Objects,
    pub(crate) keys: Keys,
    pub(crate) rates: Rates,
    pub(crate) clock: Clock,
    /// Whose everything is where nobody logs in.
    pub(crate) loopback_scope: Scope,
}

impl App {
    pub(crate) fn of(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Keeps an audit row; durable when this returns, so that nothing is given away unseen.
    pub(crate) async fn audit(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: &str,
        outcome: &'static str,
    ) -> Result<(), RecordsError> {
        self.records
            .add_audit(AuditRow {
                at_ms: self.now_ms(),
                request_id: caller.request_id.as_ref().map(ToString::to_string),
                scope: Some(caller.scope.clone()),
                via: caller.via.as_str(),
                action,
                subject: Some(subject.to_owned()),
                outcome,
            })
            .await
    }

    /// Keeps an audit row of a denial, unless there are too many a second to keep: whoever is
    /// refused must not be able to fill the disk.
    pub(crate) async fn note_denial(
        &self,
        caller: &KnownCaller,
        request_id: Option<&RequestId>,
        code: ProblemCode,
    ) {
        if !is_denial(code) || !self.rates.denial_may_be_kept() {
            return;
        }
        let known = caller.get();
        let row = AuditRow {
            at_ms: self.now_ms(),
            request_id: request_id.map(ToString::to_string),
            scope: known.map(|(scope, _)| scope.clone()),
            via: known.map_or("unknown", |(_, via): &(Scope, Via)| via.as_str()),
            action: AuditAction::Denied,
            subject: None,
            outcome: code.as_str(),
        };
        if let Err(error) = self.records.add_audit(row).await {
            tracing::error!(%error, "A denial could not be kept in the audit");
        }
    }

    /// # Errors
    /// `too_many_requests` where the owner opens uploads faster than it may.
    pub(crate) fn opens_within_rate(&self, scope: &Scope) -> Result<(), Refusal> {
        self.rates.open(scope).map_err(too_many)
    }

    /// # Errors
    /// `too_many_requests` where the owner asks for keys faster than it may.
    pub(crate) fn keys_within_rate(&self, scope: &Scope) -> Result<(), Refusal> {
        self.rates.key(scope).map_err(too_many)
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

fn is_denial(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::Unauthenticated
            | ProblemCode::Forbidden
            | ProblemCode::HostNotAllowed
            | ProblemCode::InsecureTransport
            | ProblemCode::NotFound
            | ProblemCode::TooManyRequests
            | ProblemCode::ObjectReplaced
            | ProblemCode::ObjectDamaged
    )
}

fn too_many(seconds: u64) -> Refusal {
    Refusal::new(
        ProblemCode::TooManyRequests,
        format!("Too many requests; try again in {seconds} seconds."),
    )
    .retry_after_s(seconds)
}

//! Who did what: a row for every key issued, batch signed, upload completed or aborted, file opened
//! or deleted, for what the sweeper ends, and for denials. Ids and codes only, never a name.
//!
//! The row of a change of the records is kept in the transaction of that change ([`App::audit_row`]
//! goes to the method of [`crate::records`] that makes it), so that neither is there without the
//! other. The row of what is given away, which changes nothing, is durable before it leaves
//! ([`App::audit`]).

use sealift_transfer::api::ProblemCode;

use crate::{
    app::App,
    caller::{Caller, KnownCaller, Reader, Via},
    records::{AuditAction, AuditRow, RecordsError, Scope},
    telemetry::RequestId,
};

mod kept_readings;

pub(crate) use kept_readings::KeptReadings;
use kept_readings::Reading;

impl App {
    /// Keeps an audit row; durable when this returns, so that nothing is given away unseen.
    pub(crate) async fn audit(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: &str,
        outcome: &'static str,
    ) -> Result<(), RecordsError> {
        let row = self.audit_row(caller, action, subject, outcome);
        self.records.add_audit(row).await
    }

    /// The row of a change, to be kept in the transaction of that change.
    pub(crate) fn audit_row(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: &str,
        outcome: &'static str,
    ) -> AuditRow {
        AuditRow {
            at_ms: self.now_ms(),
            request_id: caller.request_id.as_ref().map(ToString::to_string),
            scope: Some(caller.scope.clone()),
            via: caller.via.as_str(),
            action,
            subject: Some(subject.to_owned()),
            outcome,
        }
    }

    /// The row of what the server does by itself, to this scope's rows where there is one.
    pub(crate) fn unasked_row(
        &self,
        who: Unasked,
        scope: Option<&Scope>,
        action: AuditAction,
        subject: &str,
        outcome: &'static str,
    ) -> AuditRow {
        AuditRow {
            at_ms: self.now_ms(),
            request_id: None,
            scope: scope.cloned(),
            via: who.as_str(),
            action,
            subject: Some(subject.to_owned()),
            outcome,
        }
    }

    /// Keeps an audit row of what a reader is given of its file; durable when this returns. One row
    /// a minute tells of all ranges that this reader gets of this file, with this outcome.
    pub(crate) async fn audit_reading(
        &self,
        reader: &Reader,
        outcome: &'static str,
    ) -> Result<(), RecordsError> {
        let (reading, now_ms) = (Reading::of(reader, outcome), self.now_ms());
        if self.kept_readings.tell_of(&reading, now_ms) {
            return Ok(());
        }
        let (caller, id) = (&reader.caller, reader.file_id.as_str());
        self.audit(caller, AuditAction::OpenFile, id, outcome)
            .await?;
        self.kept_readings.note(reading, now_ms);
        Ok(())
    }

    /// The same of a file that did not open, which is always kept (FORMAT.md R6), as what did.
    pub(crate) async fn audit_failed_reading(&self, reader: &Reader, code: ProblemCode) {
        if let Err(error) = self.audit_reading(reader, code.as_str()).await {
            not_kept(&error);
        }
    }

    /// Keeps an audit row of what failed. The request has failed already, so a row that cannot be
    /// kept is only logged; and not more a second than of denials.
    pub(crate) async fn audit_failure(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: &str,
        code: ProblemCode,
    ) {
        if !self.rates.denial_may_be_kept(Some(&caller.scope)) {
            return;
        }
        if let Err(error) = self.audit(caller, action, subject, code.as_str()).await {
            not_kept(&error);
        }
    }

    /// Keeps an audit row of a denial, unless there are too many a second to keep: whoever is
    /// refused must not be able to fill the disk.
    pub(crate) async fn audit_denial(
        &self,
        caller: &KnownCaller,
        request_id: Option<&RequestId>,
        code: ProblemCode,
    ) {
        let known = caller.get();
        let scope = known.map(|(scope, _)| scope);
        if !is_denial(code) || !self.rates.denial_may_be_kept(scope) {
            return;
        }
        let row = AuditRow {
            at_ms: self.now_ms(),
            request_id: request_id.map(ToString::to_string),
            scope: scope.cloned(),
            via: known.map_or("unknown", |(_, via): &(Scope, Via)| via.as_str()),
            action: AuditAction::Denied,
            subject: None,
            outcome: code.as_str(),
        };
        if let Err(error) = self.records.add_audit(row).await {
            tracing::error!(%error, "A denial could not be kept in the audit");
        }
    }
}

/// Who acts without having been asked by a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unasked {
    /// The sweeper.
    Sweeper,
    /// The verifier.
    Verifier,
}

impl Unasked {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sweeper => "sweeper",
            Self::Verifier => "verifier",
        }
    }
}

fn not_kept(error: &RecordsError) {
    tracing::error!(%error, "A failure could not be kept in the audit");
}

fn is_denial(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::Unauthenticated
            | ProblemCode::Forbidden
            | ProblemCode::HostNotAllowed
            | ProblemCode::InsecureTransport
            | ProblemCode::NotFound
            | ProblemCode::TicketUsed
            | ProblemCode::TooManyRequests
            | ProblemCode::TooManyReads
    )
}

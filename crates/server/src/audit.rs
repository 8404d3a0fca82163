//! The audit rows of the server: one for every key issued, batch signed, upload completed or aborted,
//! file opened or deleted, for everything that the sweeper ends, and for denials. They hold ids and
//! codes, never a name.
//!
//! If an action changes the records, [`App::audit_row`] makes the row and the method of
//! [`crate::records`] that makes the change writes it in the same transaction, so that neither exists
//! without the other. If an action only gives something away, such as a key, [`App::audit`] makes the
//! row durable before that leaves.

use sealift_transfer::api::ProblemCode;

use crate::{
    app::App,
    caller::{Caller, Reader},
    records::{AuditAction, AuditRow, RecordsError, Scope},
    telemetry::RequestId,
};

mod kept_readings;

pub(crate) use kept_readings::KeptReadings;
use kept_readings::Reading;

impl App {
    /// Writes an audit row. It is durable when this returns, so that nothing is given away without a
    /// trace.
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

    /// Makes the row of a change, which is written in the transaction of that change.
    pub(crate) fn audit_row(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: &str,
        outcome: &'static str,
    ) -> AuditRow {
        AuditRow {
            at: self.now(),
            request_id: caller.request_id.as_ref().map(ToString::to_string),
            scope: Some(caller.scope.clone()),
            via: caller.via.as_str(),
            credential: caller.via.credential().map(str::to_owned),
            action,
            subject: Some(subject.to_owned()),
            outcome,
        }
    }

    /// Makes the row of an action that no request asked for. `scope` is the owner of the row that
    /// changes, if it has one.
    pub(crate) fn unasked_row(
        &self,
        who: Unasked,
        scope: Option<&Scope>,
        action: AuditAction,
        subject: &str,
        outcome: &'static str,
    ) -> AuditRow {
        AuditRow {
            at: self.now(),
            request_id: None,
            scope: scope.cloned(),
            via: who.as_str(),
            credential: None,
            action,
            subject: Some(subject.to_owned()),
            outcome,
        }
    }

    /// Writes an audit row of a reader's access to its file. It is durable when this returns. One row a
    /// minute covers all ranges of this file that this reader gets with this outcome.
    pub(crate) async fn audit_reading(
        &self,
        reader: &Reader,
        outcome: &'static str,
    ) -> Result<(), RecordsError> {
        let reading = Reading {
            scope: reader.caller.scope.clone(),
            via: reader.caller.via.as_str(),
            credential: reader.caller.via.credential().map(str::to_owned),
            file_id: reader.file_id.clone(),
            outcome,
        };
        let now = self.now();
        if self.kept_readings.is_covered(&reading, now) {
            return Ok(());
        }
        let (caller, id) = (&reader.caller, reader.file_id.as_str());
        self.audit(caller, AuditAction::OpenFile, id, outcome)
            .await?;
        self.kept_readings.save(reading, now);
        Ok(())
    }

    /// Writes an audit row of a file that did not open (docs/FORMAT.md, R6 demands it), at most one a minute
    /// for each reader and outcome. The request has failed already, so an error is only logged.
    pub(crate) async fn audit_failed_reading(&self, reader: &Reader, code: ProblemCode) {
        if let Err(error) = self.audit_reading(reader, code.as_str()).await {
            not_kept(&error);
        }
    }

    /// Writes an audit row of a failed action. The request has failed already, so an error is only
    /// logged. The rows count against the limit on denials per second.
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

    /// Writes an audit row of a denial, unless there are too many in this second, because a refused
    /// caller must not be able to fill the disk.
    pub(crate) async fn audit_denial(
        &self,
        caller: Option<&Caller>,
        request_id: Option<&RequestId>,
        code: ProblemCode,
    ) {
        let scope = caller.map(|caller| &caller.scope);
        if !is_denial(code) || !self.rates.denial_may_be_kept(scope) {
            return;
        }
        let row = AuditRow {
            at: self.now(),
            request_id: request_id.map(ToString::to_string),
            scope: scope.cloned(),
            via: caller.map_or("unknown", |caller| caller.via.as_str()),
            credential: caller
                .and_then(|caller| caller.via.credential())
                .map(str::to_owned),
            action: AuditAction::Denied,
            subject: None,
            outcome: code.as_str(),
        };
        if let Err(error) = self.records.add_audit(row).await {
            tracing::error!(%error, "A denial could not be written to the audit");
        }
    }
}

/// The tasks of the server that act without a request.
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
            Self::Verifier => AuditRow::VIA_VERIFIER,
        }
    }
}

fn not_kept(error: &RecordsError) {
    tracing::error!(%error, "A failure could not be written to the audit");
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

//! The lease of a completion: while it runs, no other request, server or sweeper touches the
//! upload. A request that has lost its lease cannot change the upload any more.

use core::{pin::pin, time::Duration};

use futures::future::{Either, select};
use sealift_transfer::api::UploadId;

use super::CompletionError;
use crate::{
    app::App,
    clock::Clock,
    random,
    records::{AuditRow, LeaseOwner, Records, RecordsError},
    unix_millis::UnixMillis,
};

/// Milliseconds until others may take over from a server that has gone silent.
const LEASE: Duration = Duration::from_secs(60);
/// The interval at which the lease is prolonged during long work.
const PROLONG_EVERY: Duration = Duration::from_secs(20);

/// The aim of a completion: the audit row of its success and, for a file that is sealed again, the SHA-256 that its
/// plaintext must have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal<'a> {
    pub(super) audited: &'a AuditRow,
    pub(super) plaintext_sha256: Option<&'a [u8; 32]>,
}

impl<'a> Goal<'a> {
    pub(super) fn of(audited: &'a AuditRow) -> Self {
        Self {
            audited,
            plaintext_sha256: None,
        }
    }
}

/// This attempt's right to complete an upload.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    records: &'a Records,
    clock: &'a Clock,
    upload_id: &'a UploadId,
    owner: LeaseOwner,
    goal: Goal<'a>,
}

impl<'a> Lease<'a> {
    /// Takes the lease of an upload that is open, or whose completion was interrupted.
    ///
    /// # Errors
    /// Returns [`CompletionError::Elsewhere`] if another request holds the lease.
    pub(super) async fn begin(
        app: &'a App,
        upload_id: &'a UploadId,
        goal: Goal<'a>,
    ) -> Result<Self, CompletionError> {
        let lease = Self::new(app, upload_id, goal);
        let now = app.now();
        let begun = app
            .records
            .begin_completing(upload_id, lease.owner, now, LEASE)
            .await?;
        begun.then_some(lease).ok_or(CompletionError::Elsewhere)
    }

    /// Takes the lease of an upload whose completion was interrupted, and of no other.
    ///
    /// # Errors
    /// Returns [`CompletionError::Elsewhere`] if there is no such lease to take.
    pub(super) async fn take_over(
        app: &'a App,
        upload_id: &'a UploadId,
        goal: Goal<'a>,
    ) -> Result<Self, CompletionError> {
        let lease = Self::new(app, upload_id, goal);
        let now = app.now();
        let taken = app
            .records
            .take_over_completing(upload_id, lease.owner, now, LEASE)
            .await?;
        taken.then_some(lease).ok_or(CompletionError::Elsewhere)
    }

    fn new(app: &'a App, upload_id: &'a UploadId, goal: Goal<'a>) -> Self {
        Self {
            records: &app.records,
            clock: &app.clock,
            upload_id,
            goal,
            owner: LeaseOwner::from_random(random::bytes()),
        }
    }

    /// Returns the owner of the lease; the records demand it for every change.
    pub(super) fn owner(&self) -> LeaseOwner {
        self.owner
    }

    /// Returns the audit row of this completion's outcome, with the current time.
    pub(super) fn audit_row(&self, outcome: &'static str) -> AuditRow {
        AuditRow {
            at: self.clock.now(),
            outcome,
            ..self.goal.audited.clone()
        }
    }

    /// Returns the SHA-256 that the plaintext must have, if this completion replaces the object of a file.
    pub(super) fn plaintext_sha256(&self) -> Option<&[u8; 32]> {
        self.goal.plaintext_sha256
    }

    /// Runs work that may take long, and prolongs the lease meanwhile.
    ///
    /// # Errors
    /// Returns [`CompletionError::Elsewhere`] and drops the work if the lease was lost.
    pub(super) async fn hold_while<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, CompletionError> {
        let mut work = pin!(work);
        loop {
            let wait = pin!(self.clock.sleep(PROLONG_EVERY));
            match select(work.as_mut(), wait).await {
                Either::Left((done, _)) => return Ok(done),
                Either::Right(((), _)) => self.prolong().await?,
            }
        }
    }

    /// Prolongs the lease to its full length from now. Call it before a step that cannot be undone.
    ///
    /// # Errors
    /// Returns [`CompletionError::Elsewhere`] if the lease was lost.
    pub(super) async fn prolong(&self) -> Result<(), CompletionError> {
        let held = self.until(self.clock.now().later_by(LEASE));
        if held.await? {
            Ok(())
        } else {
            Err(CompletionError::Elsewhere)
        }
    }

    /// Ends the lease so that the next request can take over at once. Used if the object's state is
    /// unknown.
    pub(super) async fn give_up(self) {
        // If this fails, the lease runs out by itself.
        let _ = self.until(self.clock.now()).await;
    }

    async fn until(&self, until: UnixMillis) -> Result<bool, RecordsError> {
        self.records
            .prolong_completing(self.upload_id, self.owner, until)
            .await
    }
}

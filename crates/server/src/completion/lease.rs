//! The lease of a completion (DESIGN.md 2): while it runs, no other request, server or sweeper
//! touches the upload, and whoever lost it changes nothing any more.

use core::{pin::pin, time::Duration};

use futures::future::{Either, select};
use sealift_transfer::api::UploadId;

use super::CompletionError;
use crate::{
    app::App,
    clock::Clock,
    random,
    records::{AuditRow, LeaseOwner, Records, RecordsError},
};

/// How long a server that has fallen silent keeps others from taking over.
const LEASE_MS: i64 = 60_000;
/// While something takes long the lease is prolonged as often.
const PROLONG_EVERY: Duration = Duration::from_secs(20);

/// This attempt's right to complete an upload.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    records: &'a Records,
    clock: &'a Clock,
    upload_id: &'a UploadId,
    owner: LeaseOwner,
    /// The audit row of whoever completes, should it succeed.
    audited: AuditRow,
}

impl<'a> Lease<'a> {
    /// For an upload that is open, or whose completion was left alone.
    ///
    /// # Errors
    /// [`CompletionError::Elsewhere`].
    pub(super) async fn begin(
        app: &'a App,
        upload_id: &'a UploadId,
        audited: &AuditRow,
    ) -> Result<Self, CompletionError> {
        let lease = Self::new(app, upload_id, audited);
        let now_ms = app.now_ms();
        let begun = app
            .records
            .begin_completing(upload_id, lease.owner, now_ms, LEASE_MS)
            .await?;
        begun.then_some(lease).ok_or(CompletionError::Elsewhere)
    }

    /// For an upload whose completion was left alone, and no other.
    ///
    /// # Errors
    /// [`CompletionError::Elsewhere`].
    pub(super) async fn take_over(
        app: &'a App,
        upload_id: &'a UploadId,
        audited: &AuditRow,
    ) -> Result<Self, CompletionError> {
        let lease = Self::new(app, upload_id, audited);
        let now_ms = app.now_ms();
        let taken = app
            .records
            .take_over_completing(upload_id, lease.owner, now_ms, LEASE_MS)
            .await?;
        taken.then_some(lease).ok_or(CompletionError::Elsewhere)
    }

    fn new(app: &'a App, upload_id: &'a UploadId, audited: &AuditRow) -> Self {
        Self {
            records: &app.records,
            clock: &app.clock,
            upload_id,
            audited: audited.clone(),
            owner: LeaseOwner::from_random(random::bytes()),
        }
    }

    /// For the records' changes, which ask for it.
    pub(super) fn owner(&self) -> LeaseOwner {
        self.owner
    }

    /// The audit row of how this completion ends, now.
    pub(super) fn audit_row(&self, outcome: &'static str) -> AuditRow {
        AuditRow {
            at_ms: self.clock.now_ms(),
            outcome,
            ..self.audited.clone()
        }
    }

    /// Waits for what takes long, and holds the lease meanwhile.
    ///
    /// # Errors
    /// [`CompletionError::Elsewhere`] where the lease was lost: the work is dropped.
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

    /// A whole lease from now on: before what cannot be taken back.
    ///
    /// # Errors
    /// [`CompletionError::Elsewhere`] where the lease was lost.
    pub(super) async fn prolong(&self) -> Result<(), CompletionError> {
        let held = self.until(self.clock.now_ms().saturating_add(LEASE_MS));
        if held.await? {
            Ok(())
        } else {
            Err(CompletionError::Elsewhere)
        }
    }

    /// Lets the next one take over at once: what became of the object is not known.
    pub(super) async fn give_up(self) {
        // Else it ends by itself.
        let _ = self.until(self.clock.now_ms()).await;
    }

    async fn until(&self, until_ms: i64) -> Result<bool, RecordsError> {
        self.records
            .prolong_completing(self.upload_id, self.owner, until_ms)
            .await
    }
}

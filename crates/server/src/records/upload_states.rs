//! The changes of an upload's state. Each is one compare-and-set, so that only one of several servers
//! wins: it returns `false` if the upload was not in the state that the change begins from.

use core::time::Duration;

use sealift_transfer::api::UploadId;
use sqlx::{SqliteConnection, query};

use super::{AuditRow, FileRow, Records, RecordsError, Scope, audit, files};
use crate::{
    objects::{ETag, S3UploadId, VersionId},
    sniffed::SniffedType,
    unix_millis::UnixMillis,
};

/// The object that completion found and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedObject {
    /// The ETag, which every later read demands.
    pub etag: ETag,
    /// The version, if the bucket keeps versions.
    pub version: Option<VersionId>,
    /// The media type that the first bytes show, if browsers can display that type without running it.
    pub sniffed_type: Option<SniffedType>,
    /// The current time.
    pub uploaded_at: UnixMillis,
    /// When the file is due for verification; `None` means only on request.
    pub verification_due_at: Option<UnixMillis>,
    /// The verification, if all frames were opened already.
    pub verified: Option<VerifiedObject>,
}

/// The verification of a file whose completion opened all frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedObject {
    /// The sealed SHA-256 of the plaintext.
    pub sealed_sha256: Vec<u8>,
    /// The audit entry of the verification.
    pub audited: AuditRow,
}

/// Identifies one attempt to complete an upload. Each attempt makes a new one, so that an attempt that
/// lost its lease changes nothing any more, even if the next attempt runs in the same process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseOwner([u8; 16]);

impl LeaseOwner {
    /// Makes an owner from 128 random bits.
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    pub(super) fn to_column(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl Records {
    /// Moves an upload from `opening` to `open` after the store has made the multipart upload. It
    /// refuses uploads from before a restore.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn begin_sending(
        &self,
        upload_id: &UploadId,
        s3_upload_id: S3UploadId,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET state = 'open', s3_upload_id = $2
             WHERE upload_id = $1 AND state = 'opening'
             AND epoch = (SELECT epoch FROM deployment)",
        );
        self.writer
            .changes(change.bind(upload_id.to_string()).bind(s3_upload_id.0))
            .await
    }

    /// Moves an upload from `open` to `completing` under this owner's lease. It refuses an open upload
    /// from before a restore, because part rows may be lost. It also takes over an upload that is
    /// `completing` under a lease that has ended.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn begin_completing(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        now: UnixMillis,
        lease: Duration,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET state = 'completing', completing_by = $2, completing_until_ms = $4
             WHERE upload_id = $1 AND (
                 (state = 'open' AND epoch = (SELECT epoch FROM deployment))
                 OR (state = 'completing' AND completing_until_ms <= $3))",
        );
        let change = change
            .bind(upload_id.to_string())
            .bind(owner.to_column())
            .bind(now)
            .bind(now.later_by(lease));
        self.writer.changes(change).await
    }

    /// Takes over a `completing` upload whose lease has ended. It leaves an `open` upload alone.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn take_over_completing(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        now: UnixMillis,
        lease: Duration,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET completing_by = $2, completing_until_ms = $4
             WHERE upload_id = $1 AND state = 'completing' AND completing_until_ms <= $3",
        );
        let change = change
            .bind(upload_id.to_string())
            .bind(owner.to_column())
            .bind(now)
            .bind(now.later_by(lease));
        self.writer.changes(change).await
    }

    /// Prolongs this owner's lease until `until`. Returns `false` if another owner has the lease by
    /// now; this owner must then change nothing more, neither here nor in the store.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn prolong_completing(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        until: UnixMillis,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET completing_until_ms = $3
             WHERE upload_id = $1 AND state = 'completing' AND completing_by = $2",
        );
        let change = change.bind(upload_id.to_string()).bind(owner.to_column());
        self.writer.changes(change.bind(until)).await
    }

    /// Moves an upload from `completing` to `open`, because the store has not joined the parts yet or
    /// reports no checksum of the object. Only the owner of the lease may do it.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn back_to_open(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET state = 'open', completing_by = NULL, completing_until_ms = NULL
             WHERE upload_id = $1 AND state = 'completing' AND completing_by = $2",
        );
        let change = change.bind(upload_id.to_string()).bind(owner.to_column());
        self.writer.changes(change).await
    }

    /// Moves an upload from `completing` to `complete`, makes its file available and writes the audit
    /// entry, all in one commit. Only the owner of the lease may do it. If the upload is `complete`
    /// already, returns its file again. Returns `None` in every other state and under somebody else's
    /// lease.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database cannot be read.
    pub async fn complete(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        object: CompletedObject,
        audited: AuditRow,
    ) -> Result<Option<FileRow>, RecordsError> {
        let upload_id = upload_id.clone();
        let work = self
            .writer
            .write(move |db| Box::pin(complete(db, upload_id, owner, object, audited)));
        work.await
    }

    /// Moves an upload from `completing` to `failed`, because its object was wrong and has been
    /// removed, or because the object can never be completed. Removes what the caller gave. Only the
    /// owner of the lease may do it.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn fail_upload(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET state = 'failed', completing_by = NULL, completing_until_ms = NULL
             WHERE upload_id = $1 AND state = 'completing' AND completing_by = $2",
        );
        let change = change.bind(upload_id.to_string()).bind(owner.to_column());
        self.ending_change(change, upload_id, audited).await
    }

    /// Moves an upload from `opening` or `open` to `aborting`, so that nothing of it is signed any
    /// more. Removes what the caller gave.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn begin_aborting(
        &self,
        scope: &Scope,
        upload_id: &UploadId,
        audited: AuditRow,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET state = 'aborting'
             WHERE tenant = $1 AND owner = $2 AND upload_id = $3 AND state IN ('opening', 'open')",
        );
        let change = change
            .bind(scope.tenant.to_string())
            .bind(scope.owner.to_string())
            .bind(upload_id.to_string());
        self.ending_change(change, upload_id, audited).await
    }

    /// Moves an upload from `aborting` to `aborted` after the store dropped the parts. A PUT that was
    /// signed before may still arrive until the row's `last_signature_ends_at`. `audited` is given
    /// if the sweeper finishes an abort that a request began.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn finish_aborting(
        &self,
        upload_id: &UploadId,
        audited: Option<AuditRow>,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET state = 'aborted'
             WHERE upload_id = $1 AND state = 'aborting'",
        );
        let change = change.bind(upload_id.to_string());
        match audited {
            Some(audited) => self.audited_change(change, audited).await,
            None => self.writer.changes(change).await,
        }
    }
}

async fn complete(
    db: &mut SqliteConnection,
    upload_id: UploadId,
    owner: LeaseOwner,
    object: CompletedObject,
    audited: AuditRow,
) -> sqlx::Result<Option<FileRow>> {
    let change = query(
        "UPDATE uploads SET state = 'complete', completing_by = NULL, completing_until_ms = NULL
         WHERE upload_id = $1 AND state = 'completing' AND completing_by = $2",
    );
    let changed = change
        .bind(upload_id.as_str())
        .bind(owner.to_column())
        .execute(&mut *db)
        .await?;
    if changed.rows_affected() > 0 {
        let verified = object.verified.as_ref();
        let verification = verified.map(|verified| verified.audited.clone());
        files::insert(db, &upload_id, object).await?;
        audit::keep(db, audited).await?;
        if let Some(verification) = verification {
            audit::keep(db, verification).await?;
        }
    }
    files::of_upload(db, &upload_id).await
}

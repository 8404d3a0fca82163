//! The states of an upload (DESIGN.md 2). Each change is one compare-and-set: `false` says that
//! the upload was not in the state the change begins from, so that of several servers one wins.

use sealift_transfer::api::UploadId;
use sqlx::{SqliteConnection, query};

use super::{AuditRow, FileRow, Records, RecordsError, Scope, audit, files};
use crate::{
    objects::{ETag, S3UploadId, VersionId},
    sniffed::SniffedType,
};

/// The object that completion found and looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedObject {
    /// Its ETag, which every read demands from now on.
    pub etag: ETag,
    /// Its version, where the bucket keeps versions.
    pub version: Option<VersionId>,
    /// What its first bytes are, where browsers can show that without running it.
    pub sniffed_type: Option<SniffedType>,
    /// Now.
    pub uploaded_at_ms: i64,
    /// From when on all its frames are to be opened; `None`: only when somebody asks.
    pub verification_due_at_ms: Option<i64>,
}

/// Who completes an upload: made anew for each attempt, so that one that lost its lease changes
/// nothing any more, also where the next one runs in the same process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseOwner([u8; 16]);

impl LeaseOwner {
    /// From 128 random bits.
    #[must_use]
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    fn to_column(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl Records {
    /// `opening` to `open`: the store has the multipart upload. Not after a restore.
    ///
    /// # Errors
    /// [`RecordsError`].
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

    /// `open` to `completing`, under this owner's lease; not after a restore, since part rows may
    /// be lost. Also takes over an upload that is `completing` under a lease that has ended.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn begin_completing(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        now_ms: i64,
        lease_ms: i64,
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
            .bind(now_ms)
            .bind(now_ms.saturating_add(lease_ms));
        self.writer.changes(change).await
    }

    /// Takes over a `completing` upload whose lease has ended; an `open` one is left alone.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn take_over_completing(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        now_ms: i64,
        lease_ms: i64,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET completing_by = $2, completing_until_ms = $4
             WHERE upload_id = $1 AND state = 'completing' AND completing_until_ms <= $3",
        );
        let change = change
            .bind(upload_id.to_string())
            .bind(owner.to_column())
            .bind(now_ms)
            .bind(now_ms.saturating_add(lease_ms));
        self.writer.changes(change).await
    }

    /// Holds this owner's lease until then. `false`: it is somebody else's by now, and the owner
    /// must change nothing any more, neither here nor in the store.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn prolong_completing(
        &self,
        upload_id: &UploadId,
        owner: LeaseOwner,
        until_ms: i64,
    ) -> Result<bool, RecordsError> {
        let change = query(
            "UPDATE uploads SET completing_until_ms = $3
             WHERE upload_id = $1 AND state = 'completing' AND completing_by = $2",
        );
        let change = change.bind(upload_id.to_string()).bind(owner.to_column());
        self.writer.changes(change.bind(until_ms)).await
    }

    /// `completing` to `open`: the store still keeps the parts apart. Only by the lease's owner.
    ///
    /// # Errors
    /// [`RecordsError`].
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

    /// `completing` to `complete`, only by the lease's owner; the file is available and its audit
    /// entry kept with the same commit. The file of an upload that is `complete` already is given again; `None` in every
    /// other state and under somebody else's lease.
    ///
    /// # Errors
    /// [`RecordsError`].
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

    /// `completing` to `failed`: the object was wrong and is removed, or can never be. What the caller
    /// gave is removed. Only by the lease's owner.
    ///
    /// # Errors
    /// [`RecordsError`].
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

    /// `opening` or `open` to `aborting`: nothing is signed any more, and what the caller gave is
    /// removed.
    ///
    /// # Errors
    /// [`RecordsError`].
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

    /// `aborting` to `aborted`: the store dropped the parts. A PUT that was signed before may
    /// still be on its way: `last_signature_ends_at_ms` of the row says how long. `audited`: where
    /// somebody else than who began it finishes it.
    ///
    /// # Errors
    /// [`RecordsError`].
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
        files::insert(db, &upload_id, object).await?;
        audit::keep(db, audited).await?;
    }
    files::of_upload(db, &upload_id).await
}

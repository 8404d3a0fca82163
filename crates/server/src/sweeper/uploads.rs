//! Sweeps uploads that nobody continues.

use sealift_transfer::api::UploadId;

use super::{
    SweepKind, SweepReport,
    walk::{FINISHED, PAGE, Step, SweepError, walk},
};
use crate::{
    app::App,
    audit::Unasked,
    objects::{ObjectsError, PRESIGNED_FOR},
    records::{AuditAction, AuditRow, RecordsError, UploadRow, UploadsToSweep},
    unix_millis::UnixMillis,
    uploads::completion::{self, CompletionError},
};

/// The order of the steps. An abandoned upload may turn out to be open, an open one may have
/// expired, and an expired one is aborted at once and may be a tombstone already.
const ORDER: [UploadsToSweep; 4] = [
    UploadsToSweep::Abandoned,
    UploadsToSweep::Expired,
    UploadsToSweep::Aborting,
    UploadsToSweep::Tombstones,
];

pub(super) async fn sweep(app: &App, report: &mut SweepReport) {
    for which in ORDER {
        walk(app, which, report).await;
    }
}

impl Step for UploadsToSweep {
    type Row = UploadRow;
    type Id = UploadId;

    fn kind(self) -> SweepKind {
        match self {
            Self::Abandoned => SweepKind::Abandoned,
            Self::Expired => SweepKind::Expired,
            Self::Aborting => SweepKind::Aborting,
            Self::Tombstones => SweepKind::Tombstone,
        }
    }

    async fn page(
        self,
        app: &App,
        until: UnixMillis,
        after: Option<&UploadId>,
    ) -> Result<Vec<UploadRow>, RecordsError> {
        app.records.uploads_to_sweep(self, until, after, PAGE).await
    }

    fn id(row: &UploadRow) -> &UploadId {
        &row.upload_id
    }

    async fn end(self, app: &App, upload: &UploadRow, now: UnixMillis) -> Result<bool, SweepError> {
        let id = &upload.upload_id;
        app.objects.must_hold(&upload.bucket)?;
        match self {
            Self::Abandoned => end_completion(app, upload).await,
            Self::Expired => {
                let signatures_end_at = now.later_by(PRESIGNED_FOR);
                let audited = audited(app, upload, AuditAction::AbortUpload, "ok");
                let begun = app
                    .records
                    .begin_expiring(id, now, signatures_end_at, audited);
                if !begun.await? {
                    return Ok(false);
                }
                abort(app, upload, None).await
            }
            Self::Aborting => {
                let audited = audited(app, upload, AuditAction::AbortUpload, FINISHED);
                abort(app, upload, Some(audited)).await
            }
            Self::Tombstones => {
                // Abort once more, because a part that was on its way at the abort may lie there.
                take_back(app, upload).await?;
                app.objects.remove(&upload.s3_key).await?;
                let audited = audited(app, upload, AuditAction::ForgetUpload, "ok");
                Ok(app.records.sweep_upload(id, now, audited).await?)
            }
        }
    }
}

async fn end_completion(app: &App, upload: &UploadRow) -> Result<bool, SweepError> {
    let audited = audited(app, upload, AuditAction::CompleteUpload, "ok");
    match completion::take_over(app, upload, &audited).await {
        Ok(_) | Err(CompletionError::Failed | CompletionError::StillOpen) => Ok(true),
        Err(CompletionError::Elsewhere) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn audited(app: &App, upload: &UploadRow, action: AuditAction, outcome: &'static str) -> AuditRow {
    let (scope, id) = (Some(&upload.scope), upload.upload_id.as_str());
    app.unasked_row(Unasked::Sweeper, scope, action, id, outcome)
}

/// Brings an upload from `aborting` to its end. A request may do the same at the same time without
/// harm.
async fn abort(
    app: &App,
    upload: &UploadRow,
    audited: Option<AuditRow>,
) -> Result<bool, SweepError> {
    take_back(app, upload).await?;
    let finished = app.records.finish_aborting(&upload.upload_id, audited);
    let finished = finished.await?;
    if finished {
        app.metrics.uploads_aborted.inc();
    }
    Ok(finished)
}

/// Drops what the upload has in the store. If the store began a multipart upload whose id was lost,
/// the sweep of late multipart uploads finds it.
async fn take_back(app: &App, upload: &UploadRow) -> Result<(), ObjectsError> {
    app.objects
        .take_back(&upload.s3_key, upload.s3_upload_id.as_ref())
        .await
}

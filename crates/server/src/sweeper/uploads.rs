//! Sweeps uploads that nobody continues.

use sealift_transfer::api::UploadId;

use super::{FINISHED, PAGE, SweepError, SweepKind, SweepReport, TOMBSTONE_MARGIN_MS};
use crate::{
    app::App,
    audit::Unasked,
    completion::{self, CompletionError},
    objects::{ObjectsError, PRESIGNED_FOR_MS},
    records::{AuditAction, AuditRow, RecordsError, UploadRow, UploadsToSweep},
};

/// The order of the steps. An abandoned upload may turn out to be open, an open one may have
/// expired, and an expired one is aborted at once and may be a tombstone already.
const ORDER: [(UploadsToSweep, SweepKind); 4] = [
    (UploadsToSweep::Abandoned, SweepKind::Abandoned),
    (UploadsToSweep::Expired, SweepKind::Expired),
    (UploadsToSweep::Aborting, SweepKind::Aborting),
    (UploadsToSweep::Tombstones, SweepKind::Tombstone),
];

pub(super) async fn sweep(app: &App, report: &mut SweepReport) {
    for (which, kind) in ORDER {
        if let Err(error) = sweep_all(app, which, kind, report).await {
            tracing::error!(%error, kind = kind.as_str(), "The sweeper could not read the records");
            report.failed(kind);
        }
    }
}

async fn sweep_all(
    app: &App,
    which: UploadsToSweep,
    kind: SweepKind,
    report: &mut SweepReport,
) -> Result<(), RecordsError> {
    let now_ms = app.now_ms();
    let until_ms = match which {
        UploadsToSweep::Tombstones => now_ms.saturating_sub(TOMBSTONE_MARGIN_MS),
        _ => now_ms,
    };
    let mut after: Option<UploadId> = None;
    loop {
        let page = app
            .records
            .uploads_to_sweep(which, until_ms, after.as_ref(), PAGE)
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.upload_id.clone());
        for upload in &page {
            report.found(kind);
            match end(app, which, upload, now_ms).await {
                Ok(true) => report.done(kind),
                Ok(false) => {}
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(upload.id = %upload.upload_id, error, kind = kind.as_str(), "The sweeper could not end upload {}", upload.upload_id);
                    report.failed(kind);
                }
            }
        }
    }
}

/// Ends one upload, and returns whether this sweep did it rather than another server.
async fn end(
    app: &App,
    which: UploadsToSweep,
    upload: &UploadRow,
    now_ms: i64,
) -> Result<bool, SweepError> {
    let id = &upload.upload_id;
    app.objects.must_hold(&upload.bucket)?;
    match which {
        UploadsToSweep::Abandoned => end_completion(app, upload).await,
        UploadsToSweep::Expired => {
            let signatures_end_at_ms = now_ms.saturating_add(PRESIGNED_FOR_MS);
            let audited = audited(app, upload, AuditAction::AbortUpload, "ok");
            let begun = app
                .records
                .begin_expiring(id, now_ms, signatures_end_at_ms, audited);
            if !begun.await? {
                return Ok(false);
            }
            abort(app, upload, None).await
        }
        UploadsToSweep::Aborting => {
            let audited = audited(app, upload, AuditAction::AbortUpload, FINISHED);
            abort(app, upload, Some(audited)).await
        }
        UploadsToSweep::Tombstones => {
            // Abort once more, because a part that was on its way at the abort may lie there.
            take_back(app, upload).await?;
            app.objects.remove(&upload.s3_key).await?;
            let audited = audited(app, upload, AuditAction::ForgetUpload, "ok");
            Ok(app.records.sweep_upload(id, now_ms, audited).await?)
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

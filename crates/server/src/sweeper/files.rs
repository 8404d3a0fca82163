//! Sweeps files: finishes interrupted deletions and removes tombstones.

use sealift_transfer::api::FileId;

use super::{FINISHED, PAGE, SweepError, SweepKind, SweepReport, TOMBSTONE_MARGIN_MS};
use crate::{
    app::App,
    audit::Unasked,
    records::{AuditAction, AuditRow, FileRow, FilesToSweep, RecordsError},
};

const ORDER: [(FilesToSweep, SweepKind); 2] = [
    (FilesToSweep::Deleting, SweepKind::Deleting),
    (FilesToSweep::Tombstones, SweepKind::Tombstone),
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
    which: FilesToSweep,
    kind: SweepKind,
    report: &mut SweepReport,
) -> Result<(), RecordsError> {
    let now_ms = app.now_ms();
    let until_ms = match which {
        FilesToSweep::Tombstones => now_ms.saturating_sub(TOMBSTONE_MARGIN_MS),
        FilesToSweep::Deleting => now_ms,
    };
    let mut after: Option<FileId> = None;
    loop {
        let page = app
            .records
            .files_to_sweep(which, until_ms, after.as_ref(), PAGE)
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.file_id.clone());
        for file in &page {
            report.found(kind);
            match end(app, which, file, now_ms).await {
                Ok(true) => report.done(kind),
                Ok(false) => {}
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(file.id = %file.file_id, error, kind = kind.as_str(), "The sweeper could not end file {}", file.file_id);
                    report.failed(kind);
                }
            }
        }
    }
}

/// Finishes one file, and returns whether this sweep did it rather than another server.
async fn end(
    app: &App,
    which: FilesToSweep,
    file: &FileRow,
    now_ms: i64,
) -> Result<bool, SweepError> {
    app.objects.must_hold(&file.bucket)?;
    match which {
        FilesToSweep::Deleting => {
            let (key, version) = (&file.s3_key, file.version.as_ref());
            app.objects.delete_recorded(key, version).await?;
            let audited = audited(app, file, AuditAction::DeleteFile, FINISHED);
            let finished = app.records.finish_deleting(&file.file_id, Some(audited));
            Ok(finished.await?)
        }
        FilesToSweep::Tombstones => {
            // A late PUT may have made the object again.
            app.objects.remove(&file.s3_key).await?;
            let audited = audited(app, file, AuditAction::ForgetFile, "ok");
            let swept = app.records.sweep_file(&file.file_id, now_ms, audited);
            Ok(swept.await?)
        }
    }
}

fn audited(app: &App, file: &FileRow, action: AuditAction, outcome: &'static str) -> AuditRow {
    let (scope, id) = (Some(&file.scope), file.file_id.as_str());
    app.unasked_row(Unasked::Sweeper, scope, action, id, outcome)
}

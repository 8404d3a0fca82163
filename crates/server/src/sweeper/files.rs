//! Sweeps files: finishes interrupted deletions and removes tombstones.

use sealift_transfer::api::FileId;

use super::{
    SweepKind, SweepReport,
    walk::{FINISHED, PAGE, Step, SweepError, walk},
};
use crate::{
    app::App,
    audit::Unasked,
    records::{AuditAction, AuditRow, FileRow, FilesToSweep, RecordsError},
    unix_millis::UnixMillis,
};

pub(super) async fn sweep(app: &App, report: &mut SweepReport) {
    for which in [FilesToSweep::Deleting, FilesToSweep::Tombstones] {
        walk(app, which, report).await;
    }
}

impl Step for FilesToSweep {
    type Row = FileRow;
    type Id = FileId;

    fn kind(self) -> SweepKind {
        match self {
            Self::Deleting => SweepKind::Deleting,
            Self::Tombstones => SweepKind::Tombstone,
        }
    }

    async fn page(
        self,
        app: &App,
        until: UnixMillis,
        after: Option<&FileId>,
    ) -> Result<Vec<FileRow>, RecordsError> {
        app.records.files_to_sweep(self, until, after, PAGE).await
    }

    fn id(row: &FileRow) -> &FileId {
        &row.file_id
    }

    async fn end(self, app: &App, file: &FileRow, now: UnixMillis) -> Result<bool, SweepError> {
        app.objects.must_hold(&file.bucket)?;
        match self {
            Self::Deleting => {
                let (key, version) = (&file.s3_key, file.version.as_ref());
                app.objects.delete_recorded(key, version).await?;
                let audited = audited(app, file, AuditAction::DeleteFile, FINISHED);
                let finished = app.records.finish_deleting(&file.file_id, Some(audited));
                Ok(finished.await?)
            }
            Self::Tombstones => {
                // A late PUT may have made the object again.
                app.objects.remove(&file.s3_key).await?;
                let audited = audited(app, file, AuditAction::ForgetFile, "ok");
                let swept = app.records.sweep_file(&file.file_id, now, audited);
                Ok(swept.await?)
            }
        }
    }
}

fn audited(app: &App, file: &FileRow, action: AuditAction, outcome: &'static str) -> AuditRow {
    let (scope, id) = (Some(&file.scope), file.file_id.as_str());
    app.unasked_row(Unasked::Sweeper, scope, action, id, outcome)
}

//! `POST /v1/uploads/{id}/complete`: completes an upload and returns the file's record. A repeated
//! request gets the same record.

use axum::{Json, extract::State};
use sealift_transfer::api::{
    CompleteUpload, FileRecord, ProblemCode, Sha256, UploadId, UploadState,
};

use super::{Id, JsonBody, file};
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::{self, Refusal},
    records::{AuditAction, FileRow, UploadRow},
    uploads::completion,
};

pub(crate) async fn complete_upload(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
    JsonBody(request): JsonBody<CompleteUpload>,
) -> Result<Json<FileRecord>, Refusal> {
    record(&app, &caller, &upload_id, &request).await.map(Json)
}

/// Completes one upload that its client sealed, for this route and for each item of a batch, and returns
/// the file's record.
pub(super) async fn record(
    app: &App,
    caller: &Caller,
    upload_id: &UploadId,
    request: &CompleteUpload,
) -> Result<FileRecord, Refusal> {
    caller.require(Permission::Upload)?;
    app.read_only.may_change()?;
    app.rates.complete(&caller.scope)?;
    let upload = app.records.upload(&caller.scope, upload_id).await?;
    let upload = upload.ok_or_else(Refusal::not_found)?;
    // The request that sends the body also completes this upload.
    let has_ended = matches!(
        upload.state,
        UploadState::Complete | UploadState::Aborting | UploadState::Aborted
    );
    if upload.is_sealed_here && !has_ended {
        return Err(problem::upload_not_open(upload.state.as_str()));
    }
    let row = complete(app, caller, &upload, &request.parts_sha256).await?;
    file::record(app, row).await
}

/// Completes the caller's upload and writes the outcome to the audit. The audit row of a success, or of an
/// upload that fails for good, is in the transaction of that change. A refusal that changed nothing
/// gets its row afterwards.
pub(super) async fn complete(
    app: &App,
    caller: &Caller,
    upload: &UploadRow,
    parts_sha256: &Sha256,
) -> Result<FileRow, Refusal> {
    let upload_id = &upload.upload_id;
    let done = AuditAction::CompleteUpload;
    let audited = app.audit_row(caller, done, upload_id.as_str(), "ok");
    let completed = completion::complete(app, upload, parts_sha256, &audited);
    let row = match completed.await.map_err(Refusal::from) {
        Ok(row) => row,
        Err(refusal) => {
            // A deleted file is a denial and gets the audit row of a denial; a failed upload has its row.
            let is_kept = matches!(
                refusal.code(),
                ProblemCode::NotFound | ProblemCode::UploadFailed
            );
            if !is_kept {
                app.audit_failure(caller, done, upload_id.as_str(), refusal.code())
                    .await;
            }
            return Err(refusal);
        }
    };
    tracing::info!(upload.id = %upload_id, file.id = %row.file_id, sealed_bytes = row.plan.sealed_len(), "Completed upload {upload_id}");
    Ok(row)
}

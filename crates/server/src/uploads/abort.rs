//! Aborts an unfinished upload: the server signs and sends nothing of it any more, and the store
//! drops the parts that it has. Called by the route `DELETE /v1/uploads/{id}` and by sealing on the
//! server.

use sealift_transfer::api::{UploadId, UploadState};

use crate::{
    app::App,
    caller::Caller,
    problem::{self, Refusal},
    records::AuditAction,
};

/// Aborts the upload. Aborting it again succeeds.
///
/// # Errors
/// Fails if the upload is complete or being completed. Fails also if the store may still hold some
/// of it; the sweeper then finishes the abort.
pub(crate) async fn abort(app: &App, caller: &Caller, upload_id: &UploadId) -> Result<(), Refusal> {
    let upload = app.records.upload(&caller.scope, upload_id).await?;
    let upload = upload.ok_or_else(Refusal::not_found)?;
    app.objects.must_hold(&upload.bucket)?;
    let audited = app.audit_row(caller, AuditAction::AbortUpload, upload_id.as_str(), "ok");
    let begun = app
        .records
        .begin_aborting(&caller.scope, upload_id, audited);
    begun.await?;
    let upload = app.records.upload(&caller.scope, upload_id).await?;
    let upload = upload.ok_or_else(Refusal::not_found)?;
    match upload.state {
        UploadState::Aborting => {}
        UploadState::Aborted | UploadState::Failed => return Ok(()),
        state => return Err(problem::upload_not_open(state.as_str())),
    }
    app.objects
        .take_back(&upload.s3_key, upload.s3_upload_id.as_ref())
        .await?;
    if app.records.finish_aborting(upload_id, None).await? {
        app.metrics.uploads_aborted.inc();
    }
    tracing::info!(upload.id = %upload_id, "Aborted upload {upload_id}");
    Ok(())
}

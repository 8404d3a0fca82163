//! `DELETE /v1/uploads/{id}`: takes an upload back. Again is fine; a complete one is deleted as
//! a file.

use axum::extract::State;
use http::StatusCode;
use sealift_transfer::api::{UploadId, UploadState};

use super::Id;
use crate::{
    app::App,
    caller::{Caller, Wish},
    problem::{self, Refusal},
    records::AuditAction,
};

pub(crate) async fn abort_upload(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
) -> Result<StatusCode, Refusal> {
    caller.may(Wish::Upload)?;
    app.records
        .begin_aborting(&caller.scope, &upload_id)
        .await?;
    let upload = app.records.upload(&caller.scope, &upload_id).await?;
    let upload = upload.ok_or_else(Refusal::not_found)?;
    match upload.state {
        UploadState::Aborting => {}
        UploadState::Aborted | UploadState::Failed => return Ok(StatusCode::NO_CONTENT),
        state => return Err(problem::upload_not_open(state.as_str())),
    }
    app.objects
        .take_back(&upload.s3_key, upload.s3_upload_id.as_ref())
        .await?;
    app.audit(&caller, AuditAction::AbortUpload, upload_id.as_str(), "ok")
        .await?;
    if app.records.finish_aborting(&upload_id).await? {
        app.metrics.uploads_aborted.inc();
    }
    tracing::info!(upload.id = %upload_id, "Aborted upload {upload_id}");
    Ok(StatusCode::NO_CONTENT)
}

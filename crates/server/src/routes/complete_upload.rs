//! `POST /v1/uploads/{id}/complete`: the file's record, the same one each time.

use axum::{Json, extract::State};
use sealift_transfer::api::{CompleteUpload, FileRecord, ProblemCode, UploadId};

use super::{Id, JsonBody, file};
use crate::{
    app::App,
    caller::{Caller, Wish},
    completion,
    problem::Refusal,
    records::AuditAction,
};

pub(crate) async fn complete_upload(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
    JsonBody(request): JsonBody<CompleteUpload>,
) -> Result<Json<FileRecord>, Refusal> {
    caller.may(Wish::Upload)?;
    app.rates.complete(&caller.scope)?;
    let completed =
        completion::complete(&app, &caller.scope, &upload_id, &request.parts_sha256).await;
    let row = match completed.map_err(Refusal::from) {
        Ok(row) => row,
        Err(refusal) => {
            // An id that is nobody's is a denial, and kept as one.
            if refusal.code() != ProblemCode::NotFound {
                let id = upload_id.as_str();
                app.audit_failure(&caller, AuditAction::CompleteUpload, id, refusal.code())
                    .await;
            }
            return Err(refusal);
        }
    };
    app.audit(
        &caller,
        AuditAction::CompleteUpload,
        upload_id.as_str(),
        "ok",
    )
    .await?;
    tracing::info!(upload.id = %upload_id, file.id = %row.file_id, sealed_bytes = row.plan.sealed_len(), "Completed upload {upload_id}");
    file::record(&app, row).await.map(Json)
}

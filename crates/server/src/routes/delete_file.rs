//! `DELETE /v1/files/{id}`: deletes a file. The record goes first, then the object, so that nobody
//! begins to read an object that is being removed.

use axum::extract::State;
use http::StatusCode;
use sealift_transfer::api::FileId;

use super::Id;
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    records::AuditAction,
};

pub(crate) async fn delete_file(
    State(app): State<App>,
    caller: Caller,
    Id(file_id): Id<FileId>,
) -> Result<StatusCode, Refusal> {
    caller.require(Permission::Delete)?;
    app.read_only.may_change()?;
    if let Some(row) = app.records.file(&caller.scope, &file_id).await? {
        // Otherwise the absence of the object in another bucket would count as its deletion.
        app.objects.must_hold(&row.bucket)?;
    }
    let audited = app.audit_row(&caller, AuditAction::DeleteFile, file_id.as_str(), "ok");
    let begun = app.records.begin_deleting(&caller.scope, &file_id, audited);
    let row = begun.await?.ok_or_else(Refusal::not_found)?;
    app.keys.forget(&row);
    app.objects.must_hold(&row.bucket)?;
    app.objects
        .delete_recorded(&row.s3_key, row.version.as_ref())
        .await?;
    app.records.finish_deleting(&file_id, None).await?;
    tracing::info!(file.id = %file_id, "Deleted file {file_id}");
    Ok(StatusCode::NO_CONTENT)
}

//! `POST /v1/files/{id}/verify`: asks the server to open every frame of the file once more. The
//! verifier does this later; the answer is the file's record as it is now.

use axum::{Json, extract::State};
use http::StatusCode;
use sealift_transfer::api::{FileId, FileRecord};

use super::{Id, file};
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    records::AuditAction,
};

pub(crate) async fn verify_file(
    State(app): State<App>,
    caller: Caller,
    Id(file_id): Id<FileId>,
) -> Result<(StatusCode, Json<FileRecord>), Refusal> {
    // The server reads the whole file for this, so the caller must be allowed to download it.
    caller.require(Permission::Read)?;
    app.read_only.may_change()?;
    app.rates.verify(&caller.scope)?;
    let now = app.now();
    let audited = app.audit_row(&caller, AuditAction::VerifyFile, file_id.as_str(), "wanted");
    let row = app
        .records
        .want_verification(&caller.scope, &file_id, now, Some(audited))
        .await?;
    let row = row.ok_or_else(Refusal::not_found)?;
    app.verification_wanted.send_replace(());
    let record = file::record(&app, row).await?;
    Ok((StatusCode::ACCEPTED, Json(record)))
}

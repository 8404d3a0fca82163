//! `POST /v1/uploads/{id}/key`: returns the content key again, as 32 raw bytes, while the upload is
//! open and only to a caller who may continue it. If the opening of the upload was cut off, this
//! request finishes it.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use sealift_transfer::api::{UploadId, UploadState};

use super::{Id, open_upload::begin_multipart};
use crate::{
    app::App,
    caller::{Caller, Permission},
    keys::context,
    problem::{self, Refusal},
    records::AuditAction,
};

pub(crate) async fn upload_key(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
) -> Result<Response, Refusal> {
    caller.require(Permission::Upload)?;
    app.read_only.may_change()?;
    let upload = app.records.upload(&caller.scope, &upload_id).await?;
    let upload = upload.ok_or_else(Refusal::not_found)?;
    // A file that the server seals itself is never sealed again, so nobody gets its key (docs/FORMAT.md, R2).
    if upload.is_sealed_here || !matches!(upload.state, UploadState::Opening | UploadState::Open) {
        return Err(problem::upload_not_open(upload.state.as_str()));
    }
    // If the database was restored, an upload from before may have signatures that no row remembers.
    // Its key is not issued again, because other bytes could be sealed under it (docs/FORMAT.md, R2).
    if upload.expires_at <= app.now() || !upload.epoch_is_current {
        return Err(problem::upload_expired());
    }
    app.rates.key(&caller.scope)?;
    if upload.state == UploadState::Opening {
        // The client that began the upload is gone, and so is the client token to repeat its request.
        begin_multipart(&app, &upload).await?;
    }

    let tenant = &caller.scope.tenant;
    let header = upload.header.parsed()?.header();
    let context =
        context::of(tenant, &upload.file_id, &upload_id).map_err(|_| problem::internal())?;
    let data_key = app.keys.open_data_key(tenant, header, &context).await?;
    // Compares the commitment, because a holder of the content key alone cannot do that (R5).
    let verified = header.verify(&data_key)?;
    app.audit(&caller, AuditAction::IssueKey, upload_id.as_str(), "again")
        .await?;
    app.metrics.keys_issued.inc();
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, verified.content_key().expose().to_vec()).into_response())
}

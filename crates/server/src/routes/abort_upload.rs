//! `DELETE /v1/uploads/{id}`: aborts an upload. The request may be repeated. A complete upload
//! cannot be aborted; its file is deleted instead.

use axum::extract::State;
use http::StatusCode;
use sealift_transfer::api::UploadId;

use super::Id;
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    uploads::abort,
};

pub(crate) async fn abort_upload(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
) -> Result<StatusCode, Refusal> {
    caller.require(Permission::Upload)?;
    app.read_only.may_change()?;
    abort::abort(&app, &caller, &upload_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

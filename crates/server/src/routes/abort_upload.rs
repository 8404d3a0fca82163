//! `DELETE /v1/uploads/{id}`: aborts an upload. The request may be repeated. A complete upload
//! cannot be aborted; its file is deleted instead.

use axum::extract::State;
use http::StatusCode;
use sealift_transfer::api::UploadId;

use super::Id;
use crate::{
    aborting,
    app::App,
    caller::{Caller, Wish},
    problem::Refusal,
};

pub(crate) async fn abort_upload(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
) -> Result<StatusCode, Refusal> {
    caller.may(Wish::Upload)?;
    app.read_only.may_change()?;
    aborting::abort(&app, &caller, &upload_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

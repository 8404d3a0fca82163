//! `GET /v1/uploads/{id}`: what resume needs, without the key.

use axum::{Json, extract::State};
use sealift_transfer::api::{PartStatus, UploadId, UploadState, UploadStatus, open::Method};

use super::{Id, file};
use crate::{
    app::App,
    caller::{Caller, Wish},
    objects::{ObjectsError, StoredPart},
    personal,
    problem::Refusal,
    records::UploadRow,
};

pub(crate) async fn upload_status(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
) -> Result<Json<UploadStatus>, Refusal> {
    caller.may(Wish::Upload)?;
    let upload = app.records.upload(&caller.scope, &upload_id).await?;
    let upload = upload.ok_or_else(Refusal::not_found)?;
    let stored = stored(&app, &upload).await?;
    let rows = app.records.parts(&upload_id).await?;
    let parts = rows.into_iter().map(|row| PartStatus {
        number: row.number,
        sha256: row.sha256,
        stored: upload.state == UploadState::Complete
            || stored.iter().any(|part| {
                part.number == row.number
                    && part.sha256 == Some(row.sha256)
                    && part.len == row.sealed_len
            }),
    });
    let parts = parts.collect();
    let file = if upload.state == UploadState::Complete {
        let row = app
            .records
            .file_of_upload(&caller.scope, &upload_id)
            .await?;
        match row {
            Some(row) => Some(Box::new(file::record(&app, row).await?)),
            None => None,
        }
    } else {
        None
    };
    let name = personal::open_name(&app, &upload.scope.tenant, &upload.file_id, &upload.name);
    Ok(Json(UploadStatus {
        name: name.await?,
        upload_id,
        file_id: upload.file_id,
        state: upload.state,
        method: Method::Multipart,
        last_modified_ms: upload.last_modified_ms,
        header: upload.header,
        plan: upload.plan,
        expires_at_ms: upload.expires_at_ms,
        most_parts_per_request: app.config.limits.parts_per_batch,
        parts,
        file,
    }))
}

/// The store's own list, while it has one.
async fn stored(app: &App, upload: &UploadRow) -> Result<Vec<StoredPart>, ObjectsError> {
    let Some(s3_upload_id) = &upload.s3_upload_id else {
        return Ok(Vec::new());
    };
    if !matches!(upload.state, UploadState::Open | UploadState::Completing) {
        return Ok(Vec::new());
    }
    match app.objects.list_parts(&upload.s3_key, s3_upload_id).await {
        Err(ObjectsError::NoSuchUpload) => Ok(Vec::new()),
        listed => listed,
    }
}

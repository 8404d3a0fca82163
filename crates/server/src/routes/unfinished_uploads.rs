//! `GET /v1/uploads`: lists the caller's uploads that can be resumed, newest first, page by page.

use axum::{Json, extract::State};
use sealift_transfer::api::{UploadId, UploadList, UploadSummary};

use super::paging::Paging;
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    records::{UnfinishedUpload, UploadCursor},
    sealed_names::Opener,
};

pub(crate) async fn unfinished_uploads(
    State(app): State<App>,
    caller: Caller,
    page: Paging<UploadId>,
) -> Result<Json<UploadList>, Refusal> {
    caller.require(Permission::Upload)?;
    app.rates.look(&caller.scope)?;
    let cursor = page
        .after
        .clone()
        .map(|(opened_at, upload_id)| UploadCursor {
            opened_at,
            upload_id,
        });
    let rows = app
        .records
        .unfinished_of(&caller.scope, cursor, page.to_read(), app.now())
        .await?;
    let (rows, next_cursor) = page.cut(rows, |row| (row.upload.opened_at, &row.upload.upload_id));
    let mut uploads = Vec::with_capacity(rows.len());
    for row in rows {
        uploads.push(summary(&app, row).await?);
    }
    Ok(Json(UploadList {
        uploads,
        next_cursor,
    }))
}

async fn summary(app: &App, row: UnfinishedUpload) -> Result<UploadSummary, Refusal> {
    let UnfinishedUpload {
        upload,
        signed_parts,
    } = row;
    let mut opener = Opener::new(app, &upload.scope.tenant, &upload.file_id);
    Ok(UploadSummary {
        name: opener.name(&upload.name).await?,
        metadata: opener.metadata(upload.metadata.as_deref()).await?,
        unreadable: opener.into_unreadable(),
        upload_id: upload.upload_id,
        file_id: upload.file_id,
        state: upload.state,
        content_type: upload.content_type,
        reference: upload.reference,
        size: upload.plan.plaintext_len(),
        last_modified_ms: upload.last_modified_ms,
        opened_at_ms: upload.opened_at.get(),
        expires_at_ms: upload.expires_at.get(),
        signed_parts,
        part_count: upload.plan.part_count(),
    })
}

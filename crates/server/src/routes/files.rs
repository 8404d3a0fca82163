//! `GET /v1/files`: the caller's files, newest first, page by page.

use axum::{Json, extract::State};
use sealift_transfer::api::{FileId, FileList};

use super::{file, paging::Paging};
use crate::{
    app::App,
    caller::{Caller, Wish},
    problem::Refusal,
    records::FileCursor,
};

pub(crate) async fn files(
    State(app): State<App>,
    caller: Caller,
    page: Paging<FileId>,
) -> Result<Json<FileList>, Refusal> {
    caller.may(Wish::Look)?;
    let cursor = page
        .after
        .clone()
        .map(|(uploaded_at_ms, file_id)| FileCursor {
            uploaded_at_ms,
            file_id,
        });
    let rows = app
        .records
        .files(&caller.scope, cursor, page.to_read())
        .await?;
    let (rows, next_cursor) = page.cut(rows, |row| (row.uploaded_at_ms, &row.file_id));
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        files.push(file::record(&app, row).await?);
    }
    Ok(Json(FileList { files, next_cursor }))
}

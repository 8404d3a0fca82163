//! `GET /v1/files`: the caller's files, newest first, page by page.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use sealift_transfer::api::{FileId, FileList, ProblemCode};
use serde::Deserialize;

use super::file;
use crate::{
    app::App,
    caller::{Caller, Wish},
    problem::Refusal,
    records::FileCursor,
};

/// Files of one page, unless fewer are asked for.
const DEFAULT_MOST: u32 = 50;
const MOST: u32 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    cursor: Option<String>,
    limit: Option<u32>,
}

pub(crate) async fn files(
    State(app): State<App>,
    caller: Caller,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<FileList>, Refusal> {
    caller.may(Wish::Look)?;
    let Query(page) = page.map_err(|_| invalid())?;
    let cursor = page.cursor.as_deref().map(read_cursor).transpose()?;
    let most = page.limit.unwrap_or(DEFAULT_MOST);
    if !(1..=MOST).contains(&most) {
        return Err(invalid());
    }
    // One more tells whether there is another page.
    let mut rows = app
        .records
        .files(&caller.scope, cursor, most.saturating_add(1))
        .await?;
    let has_more = rows.len() > usize::try_from(most).unwrap_or(usize::MAX);
    if has_more {
        rows.pop();
    }
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|row| format!("{}-{}", row.uploaded_at_ms, row.file_id));
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        files.push(file::record(&app, row).await?);
    }
    Ok(Json(FileList { files, next_cursor }))
}

fn read_cursor(text: &str) -> Result<FileCursor, Refusal> {
    let cursor = text.split_once('-').and_then(|(at, id)| {
        Some(FileCursor {
            uploaded_at_ms: at.parse().ok()?,
            file_id: id.parse::<FileId>().ok()?,
        })
    });
    cursor.ok_or_else(invalid)
}

fn invalid() -> Refusal {
    Refusal::new(
        ProblemCode::InvalidRequest,
        format!("`limit` must be 1 to {MOST}, and `cursor` one that the page before gave."),
    )
}

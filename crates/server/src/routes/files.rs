//! `GET /v1/files`: lists the caller's files, newest first, page by page. With `?search=` it lists the
//! files whose name contains that text.

use axum::{Json, extract::State};
use sealift_transfer::api::{FileId, FileList};

use super::{
    file,
    paging::{Paging, Searching},
};
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    records::{FileCursor, FileRow, Scope},
    sealed_names::Opener,
    unix_millis::UnixMillis,
};

mod name_search;

use name_search::NameSearch;

pub(crate) async fn files(
    State(app): State<App>,
    caller: Caller,
    Searching { page, text }: Searching<FileId>,
) -> Result<Json<FileList>, Refusal> {
    caller.require(Permission::Read)?;
    let (rows, next_cursor) = match text {
        Some(text) => {
            app.rates.look(&caller.scope)?;
            let wanted = NameSearch::of(&text);
            found(&app, &caller.scope, &page, &wanted).await?
        }
        None => {
            let after = page.after.clone().map(cursor);
            let rows = app
                .records
                .files(&caller.scope, after, page.to_read())
                .await?;
            page.cut(rows, |row| (row.uploaded_at, &row.file_id))
        }
    };
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        files.push(file::record(&app, row).await?);
    }
    Ok(Json(FileList { files, next_cursor }))
}

/// The most names that one request compares. Names are sealed in the records, so each must be decrypted
/// first. The answer's cursor says where the next request continues.
const MOST_LOOKED_AT: usize = 1000;
/// Rows that a search reads at once.
const ROWS: u32 = 200;

async fn found(
    app: &App,
    scope: &Scope,
    page: &Paging<FileId>,
    wanted: &NameSearch,
) -> Result<(Vec<FileRow>, Option<String>), Refusal> {
    let mut found = Vec::new();
    let mut after = page.after.clone();
    let mut looked_at: usize = 0;
    loop {
        let from = after.clone().map(cursor);
        let rows = app.records.files(scope, from, ROWS).await?;
        let has_more = u32::try_from(rows.len()) == Ok(ROWS);
        for row in rows {
            after = Some((row.uploaded_at, row.file_id.clone()));
            looked_at = looked_at.saturating_add(1);
            let mut opener = Opener::new(app, &scope.tenant, &row.file_id);
            let name = opener.name(&row.name).await?;
            // A name that cannot be read may be the one that the caller searches for.
            if !opener.into_unreadable().is_empty() || wanted.is_in(&name) {
                found.push(row);
            }
            if page.is_full(found.len()) {
                return Ok((found, after.as_ref().map(Paging::cursor)));
            }
        }
        if !has_more {
            return Ok((found, None));
        }
        if looked_at >= MOST_LOOKED_AT {
            return Ok((found, after.as_ref().map(Paging::cursor)));
        }
    }
}

fn cursor((uploaded_at, file_id): (UnixMillis, FileId)) -> FileCursor {
    FileCursor {
        uploaded_at,
        file_id,
    }
}

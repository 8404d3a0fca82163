//! `GET /v1/files/{id}/shared`: describes the file to a person with a ticket, and says nothing more.

use axum::{Json, extract::State};
use sealift_transfer::api::SharedFile;

use crate::{
    app::App,
    caller::{Permission, Reader},
    problem::Refusal,
    records::FileRow,
    sealed_names::Opener,
    unix_millis::UnixMillis,
};

pub(crate) async fn shared_file(
    State(app): State<App>,
    reader: Reader,
) -> Result<Json<SharedFile>, Refusal> {
    reader.caller.require(Permission::Read)?;
    let row = app.records.file(&reader.caller.scope, &reader.file_id);
    let row = row.await?.ok_or_else(Refusal::not_found)?;
    let until = reader.right.map(|right| right.until);
    shared(&app, row, until).await.map(Json)
}

/// Returns a row as a person with a ticket sees it, without the metadata and the object key.
pub(super) async fn shared(
    app: &App,
    row: FileRow,
    readable_until: Option<UnixMillis>,
) -> Result<SharedFile, Refusal> {
    let mut opener = Opener::new(app, &row.scope.tenant, &row.file_id);
    Ok(SharedFile {
        name: opener.name(&row.name).await?,
        verification: opener.verification(row.verification).await?,
        unreadable: opener.into_unreadable(),
        file_id: row.file_id,
        content_type: row.content_type,
        size: row.plan.plaintext_len(),
        readable_until_ms: readable_until.map(UnixMillis::get),
    })
}

//! `GET /v1/files/{id}`: returns a file's record.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use sealift_transfer::api::{FileId, FileRecord, UnreadableField};

use super::Id;
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    records::FileRow,
    sealed_names::Opener,
};

pub(crate) async fn file(
    State(app): State<App>,
    caller: Caller,
    Id(file_id): Id<FileId>,
) -> Result<Json<FileRecord>, Refusal> {
    caller.require(Permission::Read)?;
    let row = app.records.file(&caller.scope, &file_id).await?;
    record(&app, row.ok_or_else(Refusal::not_found)?)
        .await
        .map(Json)
}

/// Returns a row as its owner sees it. A field that cannot be read is named in `unreadable`.
pub(super) async fn record(app: &App, row: FileRow) -> Result<FileRecord, Refusal> {
    let mut opener = Opener::new(app, &row.scope.tenant, &row.file_id);
    let name = opener.name(&row.name).await?;
    let metadata = opener.metadata(row.metadata.as_deref()).await?;
    let verification = opener.verification(row.verification).await?;
    let encryption_context = match row.header.parsed() {
        Ok(stored) => {
            let context = stored.header().encryption_context().iter();
            let owned = context.map(|(key, value)| (key.to_owned(), value.to_owned()));
            owned.collect()
        }
        Err(_) => {
            opener.note_unreadable(UnreadableField::EncryptionContext);
            BTreeMap::new()
        }
    };
    Ok(FileRecord {
        name,
        metadata,
        encryption_context,
        unreadable: opener.into_unreadable(),
        id: row.file_id,
        upload_id: row.upload_id,
        content_type: row.content_type,
        size: row.plan.plaintext_len(),
        sealed_size: row.plan.sealed_len(),
        reference: row.reference,
        uploaded_at_ms: row.uploaded_at.get(),
        verification,
        bucket: row.bucket,
        object_key: row.s3_key.to_string(),
        etag: row.etag.0,
        version: row.version.map(|version| version.0),
        encrypted_data_key: row.encrypted_dek,
    })
}

//! `GET /v1/files/{id}`: a file's record.

use axum::{Json, extract::State};
use sealift_message::Header;
use sealift_transfer::api::{FileId, FileRecord};

use super::Id;
use crate::{
    app::App,
    caller::{Caller, Wish},
    personal,
    problem::Refusal,
    records::FileRow,
};

pub(crate) async fn file(
    State(app): State<App>,
    caller: Caller,
    Id(file_id): Id<FileId>,
) -> Result<Json<FileRecord>, Refusal> {
    caller.may(Wish::Look)?;
    let row = app.records.file(&caller.scope, &file_id).await?;
    record(&app, row.ok_or_else(Refusal::not_found)?)
        .await
        .map(Json)
}

/// A row as its owner sees it.
pub(super) async fn record(app: &App, row: FileRow) -> Result<FileRecord, Refusal> {
    let tenant = &row.scope.tenant;
    let header = Header::parse_own(&row.header)?;
    let context = header.encryption_context().iter();
    Ok(FileRecord {
        name: personal::open_name(app, tenant, &row.file_id, &row.name).await?,
        metadata: match &row.metadata {
            Some(sealed) => Some(personal::open_metadata(app, tenant, &row.file_id, sealed).await?),
            None => None,
        },
        encryption_context: context
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        id: row.file_id,
        upload_id: row.upload_id,
        content_type: row.content_type,
        size: row.plan.plaintext_len(),
        sealed_size: row.plan.sealed_len(),
        reference: row.reference,
        uploaded_at_ms: row.uploaded_at_ms,
        verification: row.verification,
        bucket: row.bucket,
        object_key: row.s3_key.to_string(),
        etag: row.etag.0,
        version: row.version.map(|version| version.0),
        encrypted_data_key: row.encrypted_dek,
    })
}

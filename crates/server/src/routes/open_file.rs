//! `POST /v1/files/{id}/open`: returns the content key of one file and a presigned GET of its object,
//! so that a browser can decrypt the file itself. Plaintext does not pass through the server here.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use sealift_transfer::api::{FileOpening, open::ContentKeyText};

use crate::{
    app::App,
    caller::{Permission, Reader, Via},
    lifetimes::ticket_address_expiry,
    objects::StoredObject,
    problem::Refusal,
    reading::decrypt,
    records::AuditAction,
    sealed_names::Opener,
};

pub(crate) async fn open_file(
    State(app): State<App>,
    mut reader: Reader,
) -> Result<Response, Refusal> {
    let (caller, file_id) = (reader.caller.clone(), reader.file_id.clone());
    caller.require(Permission::Read)?;
    let row = app.records.file(&caller.scope, &file_id).await?;
    let row = row.ok_or_else(Refusal::not_found)?;
    app.objects.must_hold(&row.bucket)?;
    // A request by ticket counts against the limit of its file, so that it leaves the owner's
    // limit alone.
    let by_ticket = matches!(caller.via, Via::Ticket(_)).then_some(&file_id);
    app.rates.open_file(&caller.scope, by_ticket)?;

    // Compares the commitment, because a holder of the content key alone cannot do that (R5).
    let content_key = match decrypt::content_key(&app.keys, (&row).into()).await {
        Ok(content_key) => ContentKeyText::from_bytes(content_key.expose()),
        Err(error) => {
            let refusal = Refusal::from(error);
            app.audit_failed_reading(&reader, refusal.code()).await;
            return Err(refusal);
        }
    };
    let mut opener = Opener::new(&app, &row.scope.tenant, &file_id);
    let name = opener.name(&row.name).await?;
    let verification = opener.verification(row.verification).await?;
    let object = StoredObject {
        key: row.s3_key,
        version: row.version,
        etag: row.etag,
        len: row.plan.sealed_len(),
    };
    reader.go_on(&app).await?;
    let now = app.now();
    let right = reader.right.as_ref();
    let until = right.map(|right| ticket_address_expiry(right.until, now));
    let get = app.objects.presign_get(&object, now, until);
    let get = get.await?;
    app.audit(&caller, AuditAction::OpenFile, file_id.as_str(), "key")
        .await?;
    app.metrics.keys_issued.inc();
    let opening = FileOpening {
        file_id,
        upload_id: row.upload_id,
        name,
        content_type: row.content_type,
        size: row.plan.plaintext_len(),
        sealed_size: object.len,
        header: row.header.into_bytes(),
        content_key,
        etag: object.etag.0,
        get,
        verification,
    };
    let no_store = HeaderValue::from_static("no-store");
    Ok(([(header::CACHE_CONTROL, no_store)], Json(opening)).into_response())
}

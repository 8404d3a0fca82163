//! `POST /v1/uploads`: opens an upload. It makes the message id, the data key, the header and the row,
//! in this order, and a multipart upload if the file has more than one part. The header is durable
//! before anything of it leaves (docs/FORMAT.md, R1). All cheap checks come before a key is made.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use sealift_transfer::{
    PartNumber, PartPlan,
    api::{
        OpenUpload, OpenedUpload, ProblemCode, UploadState,
        open::{ContentKeyText, Method},
    },
};

use super::{JsonBody, file};
use crate::{
    app::App,
    caller::{Caller, Permission},
    lifetimes,
    problem::{self, Refusal},
    records::{AuditAction, UploadRow},
    uploads::{
        completion::CompletionError,
        new_message::NewMessage,
        new_upload::{self, Added, NewFile, Origin},
    },
};

pub(super) mod check;

pub(crate) async fn open_upload(
    State(app): State<App>,
    caller: Caller,
    JsonBody(request): JsonBody<OpenUpload>,
) -> Result<Response, Refusal> {
    let (status, opened) = open(&app, &caller, request).await?;
    let no_store = HeaderValue::from_static("no-store");
    Ok((status, [(header::CACHE_CONTROL, no_store)], Json(opened)).into_response())
}

/// Opens one upload, for this route and for each item of a batch. The status is 201 with the content key
/// for a new upload, and 200 for a repeated client token.
pub(super) async fn open(
    app: &App,
    caller: &Caller,
    request: OpenUpload,
) -> Result<(StatusCode, OpenedUpload), Refusal> {
    caller.require(Permission::Upload)?;
    app.read_only.may_change()?;
    let request = check::check(request, &app.config)?;
    let before = app
        .records
        .upload_by_token(&caller.scope, &request.client_token)
        .await?;
    if let Some(before) = before {
        return again(app, caller, before, &request).await;
    }
    may_open_another(app, caller).await?;

    let (new, opened, content_key) = make(app, caller, &request).await?;
    let upload_id = opened.upload_id.clone();
    if let Added::SameToken(before) = new_upload::add(app, caller, new).await? {
        return again(app, caller, *before, &request).await;
    }
    if opened.method == Method::Multipart {
        let upload = app.records.upload(&caller.scope, &upload_id).await?;
        begin_multipart(app, &upload.ok_or_else(Refusal::not_found)?).await?;
    }
    // The audit row is durable before the key leaves.
    app.audit(caller, AuditAction::IssueKey, upload_id.as_str(), "ok")
        .await?;
    app.metrics.keys_issued.inc();
    tracing::info!(upload.id = %upload_id, part.count = opened.plan.part_count().get(), "Opened upload {upload_id}");
    let opened = OpenedUpload {
        content_key: Some(content_key),
        ..opened
    };
    Ok((StatusCode::CREATED, opened))
}

/// Checks the limits on this owner's uploads, open at once and opened in a minute. Callers check before
/// they make a key.
pub(super) async fn may_open_another(app: &App, caller: &Caller) -> Result<(), Refusal> {
    app.rates.open(&caller.scope)?;
    let most_open = app.config.limits.open_uploads;
    let open = app.records.open_count(&caller.scope, app.now()).await?;
    if open >= i64::from(most_open) {
        return Err(problem::too_many_open(most_open));
    }
    Ok(())
}

/// Answers a repeated client token with the same upload. The answer has no second header and no key.
async fn again(
    app: &App,
    caller: &Caller,
    before: UploadRow,
    request: &OpenUpload,
) -> Result<(StatusCode, OpenedUpload), Refusal> {
    let (tenant, canonical) = (&caller.scope.tenant, canonical(request)?);
    let is_the_same = app
        .keys
        .is_fingerprint_of(tenant, &before.request_mac, &canonical);
    if !is_the_same.await? {
        return Err(Refusal::new(
            ProblemCode::TokenReused,
            "This client token was already used, for another file or for one that no longer exists; \
             use a new one.",
        ));
    }
    let (mut file, mut signed_parts) = (None, None);
    match before.state {
        UploadState::Opening => {
            begin_multipart(app, &before).await?;
            signed_parts = Some(0);
        }
        UploadState::Open => {
            let parts = app.records.parts(&before.upload_id).await?;
            signed_parts = u16::try_from(parts.len()).ok();
        }
        // The upload will soon be complete, or open again. The client asks again then.
        UploadState::Completing => return Err(CompletionError::Elsewhere.into()),
        UploadState::Complete => {
            let row = app
                .records
                .file_of_upload(&caller.scope, &before.upload_id)
                .await?;
            file = match row {
                Some(row) => Some(Box::new(file::record(app, row).await?)),
                None => None,
            };
        }
        UploadState::Aborting | UploadState::Aborted | UploadState::Failed => {}
    }
    app.audit(
        caller,
        AuditAction::OpenUpload,
        before.upload_id.as_str(),
        "again",
    )
    .await?;
    let opened = OpenedUpload {
        upload_id: before.upload_id,
        file_id: before.file_id,
        method: before.method,
        header: before.header.into_bytes(),
        plan: before.plan,
        expires_at_ms: before.expires_at.get(),
        most_parts_per_request: app.config.limits.parts_per_batch,
        content_key: None,
        file,
        signed_parts,
    };
    Ok((StatusCode::OK, opened))
}

/// Makes all values of a new upload. It stores nothing and gives nothing away yet.
async fn make<'a>(
    app: &App,
    caller: &Caller,
    request: &'a OpenUpload,
) -> Result<(NewFile<'a>, OpenedUpload, ContentKeyText), Refusal> {
    let tenant = &caller.scope.tenant;
    let (verified, ids) = NewMessage::make(app, tenant).await?.into_parts();
    let header = verified.header();
    let content_key = ContentKeyText::from_bytes(verified.content_key().expose());
    let plan = PartPlan::for_file(
        header.len(),
        header.frame_length(),
        request.size,
        app.config.part_length,
    )
    .map_err(|_| check::file_too_large(&app.config))?;

    let now = app.now();
    let request_mac = app.keys.fingerprint(tenant, &canonical(request)?).await?;
    let header = header.as_bytes().to_vec();
    let expires_at = lifetimes::upload_expiry(now, now);
    let opened = OpenedUpload {
        upload_id: ids.upload_id.clone(),
        file_id: ids.file_id.clone(),
        method: if plan.part_count() == PartNumber::FIRST {
            Method::Single
        } else {
            Method::Multipart
        },
        header: header.clone(),
        plan,
        expires_at_ms: expires_at.get(),
        most_parts_per_request: app.config.limits.parts_per_batch,
        content_key: None,
        file: None,
        signed_parts: None,
    };
    let new = NewFile {
        s3_key: app.objects.object_key(tenant, &ids.file_id, &ids.upload_id),
        ids,
        header,
        plan,
        method: opened.method,
        expires_at,
        name: &request.name,
        content_type: request.content_type.clone(),
        origin: Origin::Client {
            client_token: request.client_token.clone(),
            request_mac,
            metadata: request.metadata.as_ref(),
            reference: request.reference.clone(),
            last_modified_ms: request.last_modified_ms,
        },
    };
    Ok((new, opened, content_key))
}

/// Begins a multipart upload and writes its id to the row. If two requests do this at once, the first
/// one's is kept and the other one's is aborted.
pub(super) async fn begin_multipart(app: &App, upload: &UploadRow) -> Result<(), Refusal> {
    app.objects.must_hold(&upload.bucket)?;
    let s3_upload_id = app.objects.create_multipart(&upload.s3_key).await?;
    let begun = app
        .records
        .begin_sending(&upload.upload_id, s3_upload_id.clone())
        .await?;
    if begun {
        return Ok(());
    }
    app.objects
        .abort_multipart(&upload.s3_key, &s3_upload_id)
        .await?;
    let now = app.records.upload(&upload.scope, &upload.upload_id).await?;
    match now.map(|upload| upload.state) {
        Some(UploadState::Open) => Ok(()),
        Some(state) => Err(problem::upload_not_open(state.as_str())),
        None => Err(Refusal::not_found()),
    }
}

/// Returns the same bytes for the same request. The bytes hold the file's name, so only a keyed
/// fingerprint of them is kept.
fn canonical(request: &OpenUpload) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(request).map_err(|_| problem::internal())
}

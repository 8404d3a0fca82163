//! `POST /v1/uploads/{id}/parts`: signs a PUT for each part of the request. The rows of all these
//! parts are durable before a URL leaves; if one row fails, none is kept (docs/FORMAT.md, R2). The lengths
//! come from the part plan.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use sealift_transfer::{
    PartPlan,
    api::{
        PartReceipt, ProblemCode, SignParts, SignedPart, SignedParts, UploadId, UploadState,
        open::Method,
    },
};

use super::{Id, JsonBody};
use crate::{
    app::App,
    caller::{Caller, Permission},
    lifetimes,
    objects::PRESIGNED_FOR,
    problem::{self, Refusal},
    records::{AuditAction, SignedRows, SignedUntil, UploadRow},
    unix_millis::UnixMillis,
};

pub(crate) async fn sign_parts(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
    JsonBody(parts): JsonBody<SignParts>,
) -> Result<Response, Refusal> {
    let signed = sign(&app, &caller, &upload_id, &parts).await?;
    let no_store = HeaderValue::from_static("no-store");
    Ok(([(header::CACHE_CONTROL, no_store)], Json(signed)).into_response())
}

/// Signs parts of one upload, for this route and for each item of a batch.
pub(super) async fn sign(
    app: &App,
    caller: &Caller,
    upload_id: &UploadId,
    SignParts(receipts): &SignParts,
) -> Result<SignedParts, Refusal> {
    caller.require(Permission::Upload)?;
    app.read_only.may_change()?;
    app.rates.sign(&caller.scope)?;
    let upload = app.records.upload(&caller.scope, upload_id).await?;
    let upload = upload.ok_or_else(Refusal::not_found)?;
    app.objects.must_hold(&upload.bucket)?;
    if upload.state == UploadState::Opening {
        // The upload may be open by now, but this row does not name its multipart upload.
        return Err(problem::upload_not_open(upload.state.as_str()));
    }
    let parts = planned(receipts, &upload.plan, app.config.limits.parts_per_batch)?;

    let now = app.now();
    let expires_at = lifetimes::upload_expiry(upload.opened_at, now);
    let ends = SignedUntil {
        expires_at,
        signatures_end_at: now.later_by(PRESIGNED_FOR),
    };
    let audited = app.audit_row(caller, AuditAction::SignParts, upload_id.as_str(), "ok");
    let signed = app
        .records
        .sign_parts(&caller.scope, upload_id, &parts, now, ends, audited)
        .await?;
    match signed {
        SignedRows::Signed => {}
        SignedRows::NotFound => return Err(Refusal::not_found()),
        SignedRows::NotOpen(state) => return Err(problem::upload_not_open(state.as_str())),
        SignedRows::Expired => return Err(problem::upload_expired()),
        SignedRows::AlreadySealed(part) => {
            return Err(Refusal::new(
                ProblemCode::PartAlreadySealed,
                format!("Part {part} was already sealed to other bytes, so the file has changed; start a new upload."),
            )
            .with_number("part", part.get()));
        }
    }
    let answer = SignedParts {
        parts: presign(app, &upload, &parts, now).await?,
        expires_at_ms: expires_at.get(),
    };
    let signed = u64::try_from(answer.parts.len()).unwrap_or(u64::MAX);
    app.metrics.parts_signed.inc_by(signed);
    Ok(answer)
}

/// Returns the receipts with the lengths that the plan gives these parts.
fn planned(
    receipts: &[PartReceipt],
    plan: &PartPlan,
    most_parts: u16,
) -> Result<Vec<(PartReceipt, u64)>, Refusal> {
    if receipts.is_empty() || receipts.len() > usize::from(most_parts) {
        return Err(Refusal::new(
            ProblemCode::InvalidField,
            format!("A request names 1 to {most_parts} parts; send several requests."),
        )
        .with_number("most_parts", most_parts));
    }
    let mut numbers: Vec<_> = receipts.iter().map(|receipt| receipt.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() != receipts.len() {
        return Err(Refusal::new(
            ProblemCode::InvalidField,
            "A request may name each part only once.",
        ));
    }
    let planned = receipts.iter().map(|receipt| {
        let part = plan.part(receipt.number);
        let sealed_len = part.map(|part| part.sealed_len());
        sealed_len.map(|len| (*receipt, len)).ok_or_else(|| {
            Refusal::new(
                ProblemCode::PartNumberOutOfRange,
                format!(
                    "The upload has {} parts; there is no part {}.",
                    plan.part_count(),
                    receipt.number
                ),
            )
            .with_number("part", receipt.number.get())
            .with_number("part_count", plan.part_count().get())
        })
    });
    planned.collect()
}

async fn presign(
    app: &App,
    upload: &UploadRow,
    parts: &[(PartReceipt, u64)],
    now: UnixMillis,
) -> Result<Vec<SignedPart>, Refusal> {
    let mut signed = Vec::with_capacity(parts.len());
    for (receipt, sealed_len) in parts {
        let (key, sha256, objects) = (&upload.s3_key, &receipt.sha256, &app.objects);
        let put = match (upload.method, &upload.s3_upload_id) {
            (Method::Single, _) => objects.presign_put(key, sha256, *sealed_len, now).await?,
            (Method::Multipart, Some(id)) => {
                let part = objects.presign_part(key, id, receipt.number, sha256, *sealed_len, now);
                part.await?
            }
            // The row of an open multipart upload always has an id.
            (Method::Multipart, None) => return Err(problem::internal()),
        };
        signed.push(SignedPart {
            number: receipt.number,
            url: put.url,
            headers: put.headers,
            expires_at_ms: put.expires_at.get(),
            expires_in_ms: Some(put.expires_in_ms),
        });
    }
    Ok(signed)
}

//! Completion (FORMAT.md R7): joins the parts in the store only when the store holds exactly
//! what the records say, and believes in the object only after it was looked at. What was PUT in
//! one needs no joining, but the store's checksum of it must be the record's.
//!
//! Whatever the store answers to CompleteMultipartUpload, also nothing at all, the object itself
//! decides (DESIGN.md 2): right: complete; read and found to be wrong: removed, `failed`; absent:
//! `open` again while the store still lists the parts, else `failed`; without a checksum to compare:
//! `open` again; unknown: it stays `completing`, and the next request to complete, of any server, or
//! the sweeper takes over. A refusal of the store that will stay is told as such, once the object
//! was looked at: the upload stays, and goes on when an operator has mended the store.

use sealift_transfer::{
    PartNumber,
    api::{PartReceipt, PartReceipts, ProblemCode, Sha256, UploadId, UploadState},
};

use crate::{
    app::App,
    keys::KeysError,
    objects::{CompletedPart, ObjectsError, S3UploadId, StoredPart, VersionId},
    opening::OpenError,
    records::{AuditRow, CompletedObject, FileRow, PartRow, RecordsError, Scope, UploadRow},
};

mod lease;
mod object;

use lease::Lease;
use object::{Judged, Seen, judge, look};

/// Why an upload is not complete.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompletionError {
    #[error("no such upload of this caller")]
    NotFound,
    #[error("the upload is {}", .0.as_str())]
    NotOpen(UploadState),
    #[error("the upload has expired")]
    Expired,
    #[error("part {0} is missing")]
    PartMissing(PartNumber),
    #[error("the parts are not those of the record")]
    PartsDiffer,
    #[error("the object was not what was sealed")]
    Failed,
    #[error("another request completes the upload")]
    Elsewhere,
    #[error("the store did not join the parts")]
    StillOpen,
    #[error("the store does not tell the checksum of the object")]
    ChecksumNotTold,
    #[error("the header of the record does not open")]
    Header(#[source] OpenError),
    #[error("the records failed")]
    Records(#[from] RecordsError),
    #[error("the store failed")]
    Objects(#[from] ObjectsError),
    #[error("the keys failed")]
    Keys(#[from] KeysError),
}

/// When others are to ask again: clients try eight times, which must be longer than the lease.
pub(crate) const ASK_AGAIN_AFTER_S: u64 = 9;

/// Completes an upload; gives the same file each time. `audited` is the audit row of the caller's
/// success: it is kept in the transaction that makes the file, with the outcome `again` where the
/// file was there before, and with `upload_failed` in the transaction that makes the upload fail.
pub(crate) async fn complete(
    app: &App,
    scope: &Scope,
    upload_id: &UploadId,
    parts_sha256: &Sha256,
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    let upload = app.records.upload(scope, upload_id).await?;
    let upload = upload.ok_or(CompletionError::NotFound)?;
    match upload.state {
        UploadState::Complete => {
            let file = app.records.file_of_upload(scope, upload_id).await?;
            let file = file.ok_or(CompletionError::NotFound)?;
            let again = AuditRow {
                outcome: "again",
                ..audited.clone()
            };
            app.records.add_audit(again).await?;
            return Ok(file);
        }
        UploadState::Failed => return Err(CompletionError::Failed),
        UploadState::Open | UploadState::Completing => {}
        state => return Err(CompletionError::NotOpen(state)),
    }
    // An absence in another bucket is no loss.
    app.objects.must_hold(&upload.bucket)?;
    not_expired(app, &upload)?;
    let parts = app.records.parts(upload_id).await?;
    client_agrees(&upload, &parts, parts_sha256)?;
    match &upload.s3_upload_id {
        Some(s3_upload_id) => join(app, &upload, s3_upload_id, &parts, audited).await,
        None => find(app, &upload, audited).await,
    }
}

/// A single PUT made the object, or did not.
async fn find(
    app: &App,
    upload: &UploadRow,
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    let lease = Lease::begin(app, &upload.upload_id, audited).await?;
    let settled = settle(app, upload, lease, None).await;
    settled.map_err(|error| match error {
        CompletionError::StillOpen => CompletionError::PartMissing(PartNumber::FIRST),
        error => error,
    })
}

/// The store makes the object of the parts.
async fn join(
    app: &App,
    upload: &UploadRow,
    s3_upload_id: &S3UploadId,
    parts: &[PartRow],
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    let (key, upload_id) = (&upload.s3_key, &upload.upload_id);
    // Before the lease: what is missing now can still be sent.
    let listed = match app.objects.list_parts(key, s3_upload_id).await {
        Ok(listed) => Some(compare(parts, &listed)?),
        // Joined or dropped already: the object will tell.
        Err(ObjectsError::NoSuchUpload) => None,
        Err(error) => return Err(error.into()),
    };
    let lease = Lease::begin(app, upload_id, audited).await?;
    let answer = match &listed {
        Some(listed) => {
            let joined = app.objects.complete_multipart(key, s3_upload_id, listed);
            // The store may take minutes.
            lease.hold_while(joined).await?.map(Some)
        }
        None => Ok(None),
    };
    let (version, refused) = match answer {
        Ok(answer) => (answer.and_then(|answer| answer.version), None),
        Err(error) => {
            tracing::warn!(upload.id = %upload_id, %error, "The store did not say that it joined the parts of {upload_id}");
            (None, Some(error))
        }
    };
    let settled = settle(app, upload, lease, version).await;
    match (settled, refused) {
        // The object was looked at and is not there, so the refusal stands.
        (Err(CompletionError::StillOpen), Some(refused @ ObjectsError::Refused { .. })) => {
            Err(refused.into())
        }
        (settled, _) => settled,
    }
}

/// Ends a completion that was cut off, without the client's word: nothing is joined, the object
/// decides.
pub(crate) async fn take_over(
    app: &App,
    upload: &UploadRow,
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    app.objects.must_hold(&upload.bucket)?;
    let lease = Lease::take_over(app, &upload.upload_id, audited).await?;
    settle(app, upload, lease, None).await
}

/// Ends an upload whose parts the store keeps no more, without the client's word: they were joined
/// after the server had given up, or dropped. The object decides.
pub(crate) async fn take_up(
    app: &App,
    upload: &UploadRow,
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    app.objects.must_hold(&upload.bucket)?;
    not_expired(app, upload)?;
    let lease = Lease::begin(app, &upload.upload_id, audited).await?;
    settle(app, upload, lease, None).await
}

fn not_expired(app: &App, upload: &UploadRow) -> Result<(), CompletionError> {
    let has_ended = upload.expires_at_ms <= app.now_ms() || !upload.epoch_is_current;
    if upload.state == UploadState::Open && has_ended {
        return Err(CompletionError::Expired);
    }
    Ok(())
}

/// The client's digest over all parts is that of the records.
fn client_agrees(
    upload: &UploadRow,
    parts: &[PartRow],
    parts_sha256: &Sha256,
) -> Result<(), CompletionError> {
    let mut receipts = PartReceipts::default();
    for part in parts {
        let receipt = PartReceipt {
            number: part.number,
            sha256: part.sha256,
        };
        receipts
            .note(receipt)
            .map_err(|_| CompletionError::PartsDiffer)?;
    }
    for number in PartNumber::all(upload.plan.part_count()) {
        if receipts.get(number).is_none() {
            return Err(CompletionError::PartMissing(number));
        }
    }
    match receipts.digest(upload.plan.part_count()) {
        Ok(digest) if digest == *parts_sha256 => Ok(()),
        _ => Err(CompletionError::PartsDiffer),
    }
}

/// The store's list is the record's: numbers, sizes and SHA-256 of every part, and no other.
fn compare(
    parts: &[PartRow],
    listed: &[StoredPart],
) -> Result<Vec<CompletedPart>, CompletionError> {
    for part in parts {
        match listed.iter().find(|stored| stored.number == part.number) {
            None => return Err(CompletionError::PartMissing(part.number)),
            Some(stored) if stored.len != part.sealed_len || stored.sha256 != Some(part.sha256) => {
                return Err(CompletionError::PartsDiffer);
            }
            Some(_) => {}
        }
    }
    if listed.len() != parts.len() {
        return Err(CompletionError::PartsDiffer);
    }
    let completed = listed
        .iter()
        .zip(parts)
        .map(|(stored, part)| CompletedPart {
            number: part.number,
            etag: stored.etag.clone(),
            sha256: part.sha256,
        });
    Ok(completed.collect())
}

/// Looks at the object and brings the upload into the state that fits. Where the object cannot be
/// known now, the next one may try at once.
async fn settle(
    app: &App,
    upload: &UploadRow,
    lease: Lease<'_>,
    version: Option<VersionId>,
) -> Result<FileRow, CompletionError> {
    let settled = lease.hold_while(decide(app, upload, &lease, version)).await;
    let settled = settled.and_then(|settled| settled);
    if let Err(
        CompletionError::Objects(_)
        | CompletionError::Keys(_)
        | CompletionError::Records(_)
        | CompletionError::Header(_),
    ) = settled
    {
        lease.give_up().await;
    }
    settled
}

async fn decide(
    app: &App,
    upload: &UploadRow,
    lease: &Lease<'_>,
    version: Option<VersionId>,
) -> Result<FileRow, CompletionError> {
    let (upload_id, owner) = (&upload.upload_id, lease.owner());
    let head = match look(app, upload, version.as_ref()).await? {
        Seen::Object(head) => head,
        Seen::Never => return Err(fail(app, upload_id, lease).await?),
        Seen::NotYet => {
            let opened = app.records.back_to_open(upload_id, owner).await?;
            return Err(if opened {
                CompletionError::StillOpen
            } else {
                CompletionError::Elsewhere
            });
        }
    };
    let judged = judge(app, upload, &head).await;
    if let Err(CompletionError::ChecksumNotTold) = judged {
        // Where the store never tells, it must be able to expire.
        app.records.back_to_open(upload_id, owner).await?;
    }
    let sniffed_type = match judged? {
        Judged::Sealed(sniffed_type) => sniffed_type,
        Judged::Other => {
            // Whoever took over may have found another object.
            lease.prolong().await?;
            tracing::error!(upload.id = %upload_id, object.key = %upload.s3_key, "The object of {upload_id} is not what was sealed");
            app.objects
                .delete(&upload.s3_key, head.version.as_ref())
                .await?;
            return Err(fail(app, upload_id, lease).await?);
        }
    };
    let now_ms = app.now_ms();
    let object = CompletedObject {
        etag: head.etag,
        version: head.version,
        sniffed_type,
        uploaded_at_ms: now_ms,
        verification_due_at_ms: app.config.verifies_all.then_some(now_ms),
    };
    let audited = lease.audit_row("ok");
    let completed = app.records.complete(upload_id, owner, object, audited);
    let file = completed.await?;
    if file.is_some() {
        app.metrics.uploads_completed.inc();
        app.verification_wanted.send_replace(());
    }
    file.ok_or(CompletionError::Elsewhere)
}

/// What to answer when the upload can never be complete.
async fn fail(
    app: &App,
    upload_id: &UploadId,
    lease: &Lease<'_>,
) -> Result<CompletionError, RecordsError> {
    let audited = lease.audit_row(ProblemCode::UploadFailed.as_str());
    let failed = app.records.fail_upload(upload_id, lease.owner(), audited);
    if !failed.await? {
        return Ok(CompletionError::Elsewhere);
    }
    app.metrics.uploads_failed.inc();
    Ok(CompletionError::Failed)
}

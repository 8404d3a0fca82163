//! Completion (docs/FORMAT.md, R7): joins the parts in the store only if the store holds exactly what the
//! records say, and trusts the object only after looking at it. A single PUT needs no joining, but
//! the store's checksum of the object must equal the one in the record.
//!
//! The object itself decides the outcome, whatever the store answers to CompleteMultipartUpload,
//! even if it does not answer at all:
//!
//! - The object is right: the upload is complete.
//! - The object was read and is wrong: it is removed, and the upload is `failed`.
//! - The upload was to replace the object of a file, but its task is gone or the file has another object by now: the
//!   new object is removed, and the upload is `failed`. The file keeps what it has.
//! - The object is absent: the upload is `open` again if it is a single PUT or the store still
//!   lists the parts, else `failed`.
//! - The store gives no checksum to compare: the upload is `open` again.
//! - The object's state is unknown: the upload stays `completing`, and the next request to
//!   complete, on any server, or the sweeper takes over.
//!
//! If the store refuses for good, the caller gets that refusal after the object was looked at. The
//! upload stays, and can go on when an operator has repaired the store.

use sealift_transfer::{
    PartNumber,
    api::{ProblemCode, Sha256, UploadState},
};

use crate::{
    app::App,
    objects::{ObjectHead, ObjectsError, S3UploadId, VersionId},
    records::{AuditRow, CompletedObject, FileRow, PartRow, RecordsError, Replaced, UploadRow},
    sealed_names,
};

mod error;
mod lease;
mod object;
mod parts;
mod verified;

pub(crate) use error::CompletionError;
use lease::{Goal, Lease};
use object::{Judged, Seen, judge, look};
use parts::{client_agrees, compare};
use verified::verified;

/// Seconds until another request should ask again. Clients try eight times, and those tries
/// together must take longer than the lease.
pub(crate) const ASK_AGAIN_AFTER_S: u64 = 9;

/// Completes an upload that seals a file again: its object takes the place of the file's own after every frame of it
/// was opened and its plaintext has this SHA-256. Only the task that sealed it knows the hash. Whoever takes such an
/// upload over gives it up, because the file still has its old object. `audited` is as for [`complete`].
///
/// # Errors
/// Returns [`CompletionError::Failed`] if the new object is not right, or if the file was deleted meanwhile. The new
/// object is removed then.
pub(crate) async fn replace(
    app: &App,
    upload: &UploadRow,
    parts_sha256: &Sha256,
    plaintext_sha256: &[u8; 32],
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    let goal = Goal {
        audited,
        plaintext_sha256: Some(plaintext_sha256),
    };
    complete_for(app, upload, parts_sha256, goal).await
}

/// Completes an upload of the caller, and returns the same file on every call. `audited` is the audit row of the
/// caller's success. It is written in the transaction that makes the file, with the outcome `again`
/// if the file existed before, and with `upload_failed` in the transaction that makes the upload
/// fail.
pub(crate) async fn complete(
    app: &App,
    upload: &UploadRow,
    parts_sha256: &Sha256,
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    complete_for(app, upload, parts_sha256, Goal::of(audited)).await
}

async fn complete_for(
    app: &App,
    upload: &UploadRow,
    parts_sha256: &Sha256,
    goal: Goal<'_>,
) -> Result<FileRow, CompletionError> {
    let upload_id = &upload.upload_id;
    if let Some(file) = file_of(app, upload).await? {
        let again = AuditRow {
            outcome: "again",
            ..goal.audited.clone()
        };
        app.records.add_audit(again).await?;
        return Ok(file);
    }
    match upload.state {
        UploadState::Complete => return Err(CompletionError::NotFound),
        UploadState::Failed => return Err(CompletionError::Failed),
        UploadState::Open | UploadState::Completing => {}
        state => return Err(CompletionError::NotOpen(state)),
    }
    // An object that is absent from another bucket is not lost.
    app.objects.must_hold(&upload.bucket)?;
    not_expired(app, upload)?;
    let parts = app.records.parts(upload_id).await?;
    client_agrees(upload, &parts, parts_sha256)?;
    match &upload.s3_upload_id {
        Some(s3_upload_id) => join(app, upload, s3_upload_id, &parts, goal).await,
        None => find(app, upload, goal).await,
    }
}

/// Returns the file that the upload became, if there is one. The upload of a file that was sealed again has ended, but
/// a client that knows only this upload must still get the file.
pub(crate) async fn file_of(
    app: &App,
    upload: &UploadRow,
) -> Result<Option<FileRow>, RecordsError> {
    match upload.state {
        UploadState::Complete | UploadState::Aborting | UploadState::Aborted => {
            let (scope, id) = (&upload.scope, &upload.upload_id);
            app.records.file_of_upload(scope, id).await
        }
        _ => Ok(None),
    }
}

/// Completes an upload that was sent as a single PUT: the object exists already, or was never sent.
async fn find(app: &App, upload: &UploadRow, goal: Goal<'_>) -> Result<FileRow, CompletionError> {
    let lease = Lease::begin(app, &upload.upload_id, goal).await?;
    let settled = settle(app, upload, lease, None).await;
    settled.map_err(|error| match error {
        CompletionError::StillOpen => CompletionError::PartMissing(PartNumber::FIRST),
        error => error,
    })
}

/// Completes an upload of several parts: the store joins them into the object.
async fn join(
    app: &App,
    upload: &UploadRow,
    s3_upload_id: &S3UploadId,
    parts: &[PartRow],
    goal: Goal<'_>,
) -> Result<FileRow, CompletionError> {
    let (key, upload_id) = (&upload.s3_key, &upload.upload_id);
    // This comes before the lease, because the client can still send a part that is missing now.
    let listed = match app.objects.list_parts(key, s3_upload_id).await {
        Ok(listed) => Some(compare(parts, &listed)?),
        // The parts were joined or dropped already; the object shows which.
        Err(ObjectsError::NoSuchUpload) => None,
        Err(error) => return Err(error.into()),
    };
    let lease = Lease::begin(app, upload_id, goal).await?;
    let answer = match &listed {
        Some(listed) => {
            let joined = app.objects.complete_multipart(key, s3_upload_id, listed);
            // The store may take minutes, so the lease is prolonged meanwhile.
            lease.hold_while(joined).await?.map(Some)
        }
        None => Ok(None),
    };
    let (version, refused) = match answer {
        Ok(answer) => (answer.and_then(|answer| answer.version), None),
        Err(error) => {
            tracing::warn!(upload.id = %upload_id, %error, "The store did not confirm that it joined the parts of {upload_id}");
            (None, Some(error))
        }
    };
    let settled = settle(app, upload, lease, version).await;
    match (settled, refused) {
        // The object was looked at and is not there, so the store's refusal stands.
        (Err(CompletionError::StillOpen), Some(refused @ ObjectsError::Refused { .. })) => {
            Err(refused.into())
        }
        (settled, _) => settled,
    }
}

/// Ends a completion that was interrupted, without the client's digest. Nothing is joined; the
/// object decides the outcome.
pub(crate) async fn take_over(
    app: &App,
    upload: &UploadRow,
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    app.objects.must_hold(&upload.bucket)?;
    let lease = Lease::take_over(app, &upload.upload_id, Goal::of(audited)).await?;
    settle(app, upload, lease, None).await
}

/// Ends an upload whose parts the store no longer has, without the client's digest. The parts were
/// joined after the server had given up, or they were dropped; the object shows which.
pub(crate) async fn take_up(
    app: &App,
    upload: &UploadRow,
    audited: &AuditRow,
) -> Result<FileRow, CompletionError> {
    app.objects.must_hold(&upload.bucket)?;
    not_expired(app, upload)?;
    let lease = Lease::begin(app, &upload.upload_id, Goal::of(audited)).await?;
    settle(app, upload, lease, None).await
}

fn not_expired(app: &App, upload: &UploadRow) -> Result<(), CompletionError> {
    let has_ended = upload.expires_at <= app.now() || !upload.epoch_is_current;
    if upload.state == UploadState::Open && has_ended {
        return Err(CompletionError::Expired);
    }
    Ok(())
}

/// Looks at the object and moves the upload into the state that fits. If the object's state cannot
/// be found out now, this gives up the lease so that the next request may try at once.
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
        Seen::Never => return Err(fail(app, upload, lease).await?),
        Seen::NotYet => {
            let opened = app.records.back_to_open(upload_id, owner).await?;
            return Err(if opened {
                CompletionError::StillOpen
            } else {
                CompletionError::Elsewhere
            });
        }
    };
    let judged = judge(app, upload, &head, lease.plaintext_sha256()).await;
    if let Err(CompletionError::ChecksumNotReported) = judged {
        // A store that never reports checksums must not keep the upload `completing`, or it could
        // never expire.
        app.records.back_to_open(upload_id, owner).await?;
    }
    let opened = match judged? {
        Judged::Sealed(opened) => opened,
        Judged::Other => {
            tracing::error!(upload.id = %upload_id, object.key = %upload.s3_key, "The object of {upload_id} is not what was sealed");
            return Err(discard(app, upload, lease, &head).await?);
        }
        Judged::GivenUp => return Err(discard(app, upload, lease, &head).await?),
    };
    let now = app.now();
    let verified = match opened.plaintext_sha256 {
        Some(sha256) if app.config.verifies_all => verified(app, upload, &sha256).await,
        _ => None,
    };
    let is_due = app.config.verifies_all && verified.is_none();
    let object = CompletedObject {
        etag: head.etag.clone(),
        version: head.version.clone(),
        sniffed_type: opened.sniffed_type,
        uploaded_at: now,
        verification_due_at: is_due.then_some(now),
        verified,
    };
    let audited = lease.audit_row("ok");
    let file = match lease.plaintext_sha256() {
        None => {
            let completed = app.records.complete(upload_id, owner, object, audited);
            completed.await?
        }
        Some(sha256) => {
            let (scope, file_id) = (&upload.scope, &upload.file_id);
            let sealed = sealed_names::seal_sha256(app, &scope.tenant, file_id, sha256).await?;
            let replaced = app
                .records
                .replace_object(upload_id, owner, object, sealed, audited);
            match replaced.await? {
                Replaced::Done(file) => Some(*file),
                Replaced::NotTheFiles => return Err(discard(app, upload, lease, &head).await?),
                Replaced::LeaseLost => None,
            }
        }
    };
    if file.is_some() {
        app.metrics.uploads_completed.inc();
        if is_due {
            app.verification_wanted.send_replace(());
        } else if app.config.verifies_all {
            app.metrics.note_verified(true);
        }
    }
    file.ok_or(CompletionError::Elsewhere)
}

/// Removes the upload's object and makes the upload `failed`. Returns the error to answer with.
async fn discard(
    app: &App,
    upload: &UploadRow,
    lease: &Lease<'_>,
    head: &ObjectHead,
) -> Result<CompletionError, CompletionError> {
    // If another request took over the lease, it may have found another object.
    lease.prolong().await?;
    app.objects
        .delete(&upload.s3_key, head.version.as_ref())
        .await?;
    Ok(fail(app, upload, lease).await?)
}

/// Makes the upload `failed`, and returns the error to answer with: the upload can never be
/// complete. The metric is the alarm for altered objects, so an upload that was to seal a file again does not count: a
/// server only ever gives such an upload up. If its object was altered, the command that seals reports that.
async fn fail(
    app: &App,
    upload: &UploadRow,
    lease: &Lease<'_>,
) -> Result<CompletionError, RecordsError> {
    let audited = lease.audit_row(ProblemCode::UploadFailed.as_str());
    let failed = app
        .records
        .fail_upload(&upload.upload_id, lease.owner(), audited);
    if !failed.await? {
        return Ok(CompletionError::Elsewhere);
    }
    if upload.reseals.is_none() {
        app.metrics.uploads_failed.inc();
    }
    Ok(CompletionError::Failed)
}

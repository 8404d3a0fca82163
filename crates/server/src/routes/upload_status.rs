//! `GET /v1/uploads/{id}`: returns everything that a client needs to resume an upload, except the key.

use axum::{Json, extract::State};
use sealift_transfer::api::{
    PartStatus, Sha256, UnreadableField, UploadId, UploadState, UploadStatus, open::Method,
};

use super::{Id, file};
use crate::{
    app::App,
    caller::{Caller, Permission},
    objects::{ObjectHead, ObjectsError, StoredPart},
    problem::Refusal,
    records::{AuditAction, FileRow, PartRow, UploadRow},
    sealed_names::Opener,
    uploads::completion::{self, CompletionError},
};

pub(crate) async fn upload_status(
    State(app): State<App>,
    caller: Caller,
    Id(upload_id): Id<UploadId>,
) -> Result<Json<UploadStatus>, Refusal> {
    caller.require(Permission::Upload)?;
    app.rates.look(&caller.scope)?;
    let (mut upload, mut file) = found(&app, &caller, &upload_id).await?;
    let mut stored = Stored::of(&app, &upload).await?;
    if matches!(stored, Stored::NoMultipart) && !app.read_only.is_on() {
        settle(&app, &caller, &upload).await?;
        (upload, file) = found(&app, &caller, &upload_id).await?;
        stored = Stored::of(&app, &upload).await?;
    }
    let rows = app.records.parts(&upload_id).await?;
    let parts = rows.into_iter().map(|row| PartStatus {
        number: row.number,
        sha256: row.sha256,
        stored: stored.has(&row),
    });
    let parts = parts.collect();
    let file = match file {
        Some(row) => Some(Box::new(file::record(&app, row).await?)),
        None => None,
    };
    let (name, unreadable) = match (&file, upload.state) {
        // The row of an upload has no name any more if the file was sealed again.
        (Some(file), _) => {
            let is_name = |field: &UnreadableField| *field == UnreadableField::Name;
            let unreadable = file.unreadable.iter().copied().filter(is_name);
            (file.name.clone(), unreadable.collect())
        }
        (None, UploadState::Opening | UploadState::Open | UploadState::Completing) => {
            let mut opener = Opener::new(&app, &upload.scope.tenant, &upload.file_id);
            let name = opener.name(&upload.name).await?;
            (name, opener.into_unreadable())
        }
        // The name was removed when the upload ended, or when its file was deleted.
        (None, _) => (String::new(), Vec::new()),
    };
    Ok(Json(UploadStatus {
        name,
        unreadable,
        upload_id,
        file_id: upload.file_id,
        state: upload.state,
        method: upload.method,
        last_modified_ms: upload.last_modified_ms,
        header: upload.header.into_bytes(),
        plan: upload.plan,
        expires_at_ms: upload.expires_at.get(),
        most_parts_per_request: app.config.limits.parts_per_batch,
        parts,
        file,
    }))
}

/// Returns the upload, and the file that it became. With a file it is complete, even if the file was sealed again and
/// this upload has ended since.
async fn found(
    app: &App,
    caller: &Caller,
    upload_id: &UploadId,
) -> Result<(UploadRow, Option<FileRow>), Refusal> {
    let upload = app.records.upload(&caller.scope, upload_id).await?;
    let mut upload = upload.ok_or_else(Refusal::not_found)?;
    let file = completion::file_of(app, &upload).await?;
    if file.is_some() {
        upload.state = UploadState::Complete;
    }
    Ok((upload, file))
}

/// Settles an upload whose multipart upload is gone from the store. No more parts can be sent to it. If
/// the status still said "open", the client could neither continue nor complete it.
async fn settle(app: &App, caller: &Caller, upload: &UploadRow) -> Result<(), Refusal> {
    let (done, id) = (AuditAction::CompleteUpload, upload.upload_id.as_str());
    let audited = app.audit_row(caller, done, id, "ok");
    match completion::take_up(app, upload, &audited).await {
        Ok(_) | Err(CompletionError::Failed) => Ok(()),
        // The sweeper ends an expired upload, another request is at it, or the store has not joined the
        // parts; the status then says so.
        Err(CompletionError::Expired | CompletionError::Elsewhere | CompletionError::StillOpen) => {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// The parts of an upload that the store says it holds.
enum Stored {
    Everything,
    Parts(Vec<StoredPart>),
    Object(ObjectHead),
    /// The store has joined the parts or dropped them.
    NoMultipart,
    Nothing,
}

impl Stored {
    async fn of(app: &App, upload: &UploadRow) -> Result<Self, ObjectsError> {
        match upload.state {
            UploadState::Complete => return Ok(Self::Everything),
            UploadState::Open | UploadState::Completing => {}
            _ => return Ok(Self::Nothing),
        }
        app.objects.must_hold(&upload.bucket)?;
        let key = &upload.s3_key;
        match (upload.method, &upload.s3_upload_id) {
            (Method::Single, _) => {
                let head = app.objects.head(key, None).await?;
                Ok(head.map_or(Self::Nothing, Self::Object))
            }
            (Method::Multipart, Some(id)) => match app.objects.list_parts(key, id).await {
                Ok(parts) => Ok(Self::Parts(parts)),
                Err(ObjectsError::NoSuchUpload) => Ok(Self::NoMultipart),
                Err(error) => Err(error),
            },
            (Method::Multipart, None) => Ok(Self::Nothing),
        }
    }

    /// Returns whether the store holds exactly the ciphertext of that part.
    fn has(&self, row: &PartRow) -> bool {
        let is_it =
            |len: u64, sha256: Option<Sha256>| len == row.sealed_len && sha256 == Some(row.sha256);
        match self {
            Self::Everything => true,
            Self::Parts(parts) => parts
                .iter()
                .any(|part| part.number == row.number && is_it(part.len, part.sha256)),
            Self::Object(head) => is_it(head.len, head.sha256),
            Self::NoMultipart | Self::Nothing => false,
        }
    }
}

//! Seals one file again: reads its plaintext, seals it as a new message under the keyring that is set now, opens every
//! frame of the new object, and only then gives it to the file and removes the old object.
//!
//! The task may die anywhere. Until the file has the new object, nothing of it is used: the sweeper ends the new
//! upload as any other that nobody continues. From then on the old upload is `aborting`, and the sweeper ends that.

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use sealift_transfer::api::ProblemCode;
use sha2::{Digest as _, Sha256};

use super::{
    abort,
    completion::{self, CompletionError},
    sealing::{ComingFile, SealedBody, Sealing},
};
use crate::{
    app::App,
    caller::{Caller, Via},
    deployment::read_only::IsReadOnly,
    keys::KeysError,
    objects::ObjectsError,
    problem::{self, Refusal},
    reading::decrypt::{self, OpenError},
    records::{AuditAction, FileRow, RecordsError, Roles},
    sealed_names,
};

/// The reasons why a file was not sealed again. It has its old object still.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotResealed {
    #[error("the file does not open")]
    Open(#[from] OpenError),
    #[error(
        "its content is not that of its last verification; `sealift files verify` finds out more"
    )]
    OtherContent,
    /// The new object was not sealed or sent.
    #[error("{0}")]
    Refused(String),
    #[error("the new object was not completed")]
    Completion(#[from] CompletionError),
    #[error("the keys failed")]
    Keys(#[from] KeysError),
    #[error("the records failed")]
    Records(#[from] RecordsError),
    #[error(transparent)]
    ReadOnly(#[from] IsReadOnly),
}

impl From<Refusal> for NotResealed {
    fn from(refusal: Refusal) -> Self {
        let cause = refusal.cause();
        Self::Refused(cause.unwrap_or_else(|| refusal.detail().to_owned()))
    }
}

/// Seals the file again. `read` is called with the number of plaintext bytes whenever some were read and sealed.
///
/// # Errors
/// Returns [`NotResealed`]; the file has its old object then.
pub(crate) async fn reseal(
    app: &App,
    file: &FileRow,
    read: &(dyn Fn(u64) + Send + Sync),
) -> Result<(), NotResealed> {
    app.read_only.may_change()?;
    let kept = sealed_names::kept_sha256(app, file).await?;
    // The first read opens the old key before a new one is made.
    let plaintext = decrypt::whole(app, file).await?;
    let caller = Caller {
        scope: file.scope.clone(),
        roles: Roles::default(),
        via: Via::Command,
        request_id: None,
    };
    let coming = ComingFile {
        name: String::new(),
        content_type: None,
        most_bytes: file.plan.plaintext_len(),
        resealed: Some(Box::new(file.clone())),
    };
    let mut sealing = Sealing::begin(app, &caller, coming).await?;
    let sealed = match pour(plaintext, &mut sealing, read).await {
        Ok(sha256) if kept.is_none_or(|kept| kept == sha256) => Ok(sha256),
        Ok(_) => Err(NotResealed::OtherContent),
        Err(error) => Err(error),
    };
    let sha256 = match sealed {
        Ok(sha256) => sha256,
        Err(error) => {
            sealing.abort(ProblemCode::UploadFailed).await;
            return Err(error);
        }
    };
    let body = sealing.finish().await?;
    replace(app, &caller, file, &body, &sha256).await?;
    app.keys.forget(file);
    if let Err(error) = remove_old(app, file).await {
        let cause = problem::chain(&error);
        tracing::warn!(object.key = %file.s3_key, cause, "The old object {} could not be removed; the sweeper will", file.s3_key);
    }
    Ok(())
}

/// Seals the plaintext, and returns its SHA-256.
async fn pour(
    plaintext: impl Stream<Item = Result<Bytes, OpenError>> + Send,
    sealing: &mut Sealing,
    read: &(dyn Fn(u64) + Send + Sync),
) -> Result<[u8; 32], NotResealed> {
    let mut plaintext = core::pin::pin!(plaintext);
    let mut sha256 = Sha256::new();
    while let Some(bytes) = plaintext.try_next().await? {
        sha256.update(&bytes);
        let before = sealing.plaintext_len();
        sealing.push(bytes).await?;
        read(sealing.plaintext_len().saturating_sub(before));
    }
    Ok(sha256.finalize().into())
}

/// Completes the new upload, so that its object becomes the file's.
async fn replace(
    app: &App,
    caller: &Caller,
    file: &FileRow,
    body: &SealedBody,
    sha256: &[u8; 32],
) -> Result<(), NotResealed> {
    let upload = app.records.upload(&file.scope, &body.upload_id).await?;
    let upload = upload.ok_or(CompletionError::NotFound)?;
    let (action, id) = (AuditAction::ResealFile, file.file_id.as_str());
    let audited = app.audit_row(caller, action, id, "ok");
    let replaced = completion::replace(app, &upload, &body.parts_sha256, sha256, &audited).await;
    let Err(error) = replaced else {
        tracing::info!(file.id = id, upload.id = %body.upload_id, "Sealed file {id} again");
        return Ok(());
    };
    if let Err(refusal) = abort::abort(app, caller, &body.upload_id).await {
        let code = refusal.code().as_str();
        tracing::warn!(upload.id = %body.upload_id, code, "Upload {} was neither completed nor aborted; the sweeper will", body.upload_id);
    }
    Err(error.into())
}

/// Removes the object that the file had before, and ends its upload.
async fn remove_old(app: &App, file: &FileRow) -> Result<(), RemoveError> {
    let (key, version) = (&file.s3_key, file.version.as_ref());
    app.objects.delete_recorded(key, version).await?;
    app.records.finish_aborting(&file.upload_id, None).await?;
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum RemoveError {
    #[error("the store failed")]
    Objects(#[from] ObjectsError),
    #[error("the records failed")]
    Records(#[from] RecordsError),
}

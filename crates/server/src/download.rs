//! The read path, in order: record, range, keys, opener, body.

use core::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use sealift_transfer::api::ProblemCode;

use crate::{
    app::App,
    caller::Caller,
    objects::ObjectsError,
    opening::{self, OpenError},
    problem::{self, Refusal},
    reads::ReadPermit,
    records::{AuditAction, FileRow},
};

/// Plaintext of a file, or of a range that lies within it. The first bytes are verified before
/// this returns, so that a damaged object is mostly refused with a sentence; what breaks later
/// ends the connection before its promised length, which no client takes for the end.
pub(crate) async fn download(
    app: &App,
    caller: &Caller,
    file: &FileRow,
    range: Option<Range<u64>>,
    permit: ReadPermit,
) -> Result<Body, Refusal> {
    let file_id = file.file_id.clone();
    let plaintext = match begin(app, file, range).await {
        Ok(plaintext) => plaintext,
        Err(refusal) => {
            let id = file_id.as_str();
            app.audit_failure(caller, AuditAction::OpenFile, id, refusal.code())
                .await;
            return Err(refusal);
        }
    };
    let (app, caller) = (app.clone(), Arc::new(caller.clone()));
    let body = plaintext.then(move |bytes| {
        // The read counts until its body is dropped.
        let _ = &permit;
        let (app, caller, file_id) = (app.clone(), Arc::clone(&caller), file_id.clone());
        async move {
            if let Err(error) = &bytes {
                let cause = problem::chain(error);
                tracing::error!(file.id = %file_id, cause, "The download of {file_id} was broken off");
                let id = file_id.as_str();
                app.audit_failure(&caller, AuditAction::OpenFile, id, error.code())
                    .await;
            }
            bytes
        }
    });
    Ok(Body::from_stream(body))
}

/// The verified plaintext, with its first bytes in hand.
async fn begin(
    app: &App,
    file: &FileRow,
    range: Option<Range<u64>>,
) -> Result<impl Stream<Item = Result<Bytes, OpenError>> + Send + use<>, Refusal> {
    let range = range.unwrap_or(0..file.plan.plaintext_len());
    let plaintext = opening::range(app, file, range).await?;
    let mut plaintext = Box::pin(plaintext);
    let first = plaintext.next().await.transpose()?;
    let first = stream::iter(first.map(Ok::<Bytes, OpenError>));
    Ok(first.chain(plaintext))
}

impl OpenError {
    fn code(&self) -> ProblemCode {
        match self {
            Self::Objects(ObjectsError::Replaced) => ProblemCode::ObjectReplaced,
            Self::Objects(_) => ProblemCode::StoreUnavailable,
            Self::Keys(_) => ProblemCode::KeysUnavailable,
            Self::Decrypt(_) => ProblemCode::ObjectDamaged,
            Self::Range(_) | Self::Stopped => ProblemCode::Internal,
        }
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Objects(error) => error.into(),
            OpenError::Keys(error) => error.into(),
            OpenError::Decrypt(error) => error.into(),
            OpenError::Range(_) | OpenError::Stopped => problem::internal(),
        }
    }
}

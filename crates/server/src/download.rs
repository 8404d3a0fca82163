//! The read path, in order: record, range, keys, opener, body.

use core::ops::Range;

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use crate::{
    app::App,
    objects::StoredObject,
    opening::{self, OpenError, Sealed},
    problem::{self, Refusal},
    records::FileRow,
};

/// Plaintext of a file, or of a range that lies within it. The first bytes are verified before
/// this returns, so that a damaged object is mostly refused with a sentence; what breaks later
/// ends the connection before its promised length, which no client takes for the end.
pub(crate) async fn download(
    app: &App,
    file: &FileRow,
    range: Option<Range<u64>>,
) -> Result<Body, Refusal> {
    let sealed = Sealed {
        tenant: &file.scope.tenant,
        file_id: &file.file_id,
        upload_id: &file.upload_id,
        header: &file.header,
        plaintext_len: file.plan.plaintext_len(),
        sealed_len: file.plan.sealed_len(),
    };
    let decryptor = opening::decryptor(&app.keys, sealed).await?;
    let opener = match range {
        Some(range) => decryptor.plan(range).map_err(|_| problem::internal())?,
        None => decryptor.plan_all(),
    };
    let object = StoredObject {
        key: file.s3_key.clone(),
        version: file.version.clone(),
        etag: file.etag.clone(),
        len: file.plan.sealed_len(),
    };
    let plaintext = opening::plaintext(&app.objects, &object, &file.header, opener).await?;
    let mut plaintext = Box::pin(plaintext);
    let first = plaintext.next().await.transpose()?;
    let first = stream::iter(first.map(Ok::<Bytes, OpenError>));
    let file_id = file.file_id.clone();
    let body = first.chain(plaintext).inspect(move |bytes| {
        if let Err(error) = bytes {
            let cause = problem::chain(error);
            tracing::error!(file.id = %file_id, cause, "The download of {file_id} was broken off");
        }
    });
    Ok(Body::from_stream(body))
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Objects(error) => error.into(),
            OpenError::Keys(error) => error.into(),
            OpenError::Decrypt(error) => error.into(),
        }
    }
}

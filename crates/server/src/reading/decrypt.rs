//! Turns a record into verified plaintext. This is the server's only reader, for serving and for
//! checking (docs/FORMAT.md, R5, R6). Header, context, sizes and ETag come from the record, because the
//! store is not trusted.

use core::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use sealift_message::{
    ContentKey, DecryptError, HeaderError, RangeDecryptor, RangeError, RangeOpener,
};
use sealift_transfer::api::{FileId, TenantId, UploadId};

use crate::{
    app::App,
    keys::{Keys, KeysError, Sealing, context},
    objects::{Objects, ObjectsError, StoredObject},
    records::{FileRow, RecordedHeader},
};

mod ahead;
mod piece;

use ahead::Ahead;

/// The recorded facts about one sealed object that opening it needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealed<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) file_id: &'a FileId,
    pub(crate) upload_id: &'a UploadId,
    pub(crate) header: &'a RecordedHeader,
    pub(crate) plaintext_len: u64,
    pub(crate) sealed_len: u64,
}

impl<'a> From<&'a FileRow> for Sealed<'a> {
    fn from(file: &'a FileRow) -> Self {
        Self {
            tenant: &file.scope.tenant,
            file_id: &file.file_id,
            upload_id: &file.upload_id,
            header: &file.header,
            plaintext_len: file.plan.plaintext_len(),
            sealed_len: file.plan.sealed_len(),
        }
    }
}

/// The reasons why an object was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the store did not return the object")]
    Objects(#[from] ObjectsError),
    #[error("the key was not opened")]
    Keys(#[from] KeysError),
    #[error("the object does not open")]
    Decrypt(#[from] DecryptError),
    #[error("the file does not have the requested range")]
    Range(#[from] RangeError),
    #[error("the reader was stopped, or panicked")]
    Stopped,
}

impl From<HeaderError> for OpenError {
    fn from(_: HeaderError) -> Self {
        Self::Decrypt(DecryptError::Unauthentic)
    }
}

/// Returns the verified plaintext of a whole file. For an empty file, the end of the stream proves
/// that it is empty.
pub(crate) async fn whole(
    app: &App,
    file: &FileRow,
) -> Result<impl Stream<Item = Result<Bytes, OpenError>> + Send + use<>, OpenError> {
    range(app, file, 0..file.plan.plaintext_len()).await
}

/// Returns the verified plaintext of a range that lies within a file. For the whole file every
/// frame is opened, including an empty final frame, which no smaller range needs.
pub(crate) async fn range(
    app: &App,
    file: &FileRow,
    range: Range<u64>,
) -> Result<impl Stream<Item = Result<Bytes, OpenError>> + Send + use<>, OpenError> {
    app.objects.must_hold(&file.bucket)?;
    let decryptor = decryptor(&app.keys, file.into()).await?;
    let wanted = if range == (0..file.plan.plaintext_len()) {
        decryptor.plan_all()
    } else {
        decryptor.plan(range)?
    };
    let object = StoredObject {
        key: file.s3_key.clone(),
        version: file.version.clone(),
        etag: file.etag.clone(),
        len: file.plan.sealed_len(),
    };
    plaintext(&app.objects, object, &file.header, wanted)
}

/// Makes a decryptor for any range of the object, from the recorded header. The content key proves
/// the header's tag.
pub(crate) async fn decryptor(
    keys: &Keys,
    sealed: Sealed<'_>,
) -> Result<RangeDecryptor, OpenError> {
    let content_key = content_key(keys, sealed).await?;
    let verified = sealed.header.parsed()?.verify(&content_key)?;
    let decryptor = RangeDecryptor::new(verified, sealed.sealed_len)?;
    if decryptor.layout().plaintext_len() != sealed.plaintext_len {
        return Err(DecryptError::Unauthentic.into());
    }
    Ok(decryptor)
}

/// Returns the content key of an object, from the cache or by opening its data key. Context and
/// commitment are compared and the header's tag is checked before the key is cached or returned
/// (docs/FORMAT.md, R5). The caller must have checked the permission already: `sealed` comes from a row
/// of the caller's scope.
pub(crate) async fn content_key(
    keys: &Keys,
    sealed: Sealed<'_>,
) -> Result<Arc<ContentKey>, OpenError> {
    let header = sealed.header.parsed()?.header();
    let context = context::of(sealed.tenant, sealed.file_id, sealed.upload_id)?;
    if *header.encryption_context() != context {
        return Err(DecryptError::Unauthentic.into());
    }
    let sealing = Sealing {
        file_id: sealed.file_id.clone(),
        upload_id: sealed.upload_id.clone(),
        message_id: *header.message_id(),
    };
    let open = async {
        let data_key = keys.open_data_key(sealed.tenant, header, &context).await?;
        let verified = header.verify(&data_key)?;
        Ok(ContentKey::from_bytes(verified.content_key().expose()))
    };
    keys.content_keys.get_or_open(sealing, open).await
}

/// Streams the plaintext of `wanted`: verified frame by frame, in order. The stream ends without an
/// error only after all of it. A range that fits into one piece costs one GET of exactly its
/// frames; for longer ranges some pieces are fetched ahead ([`ahead`]).
pub(crate) fn plaintext(
    objects: &Objects,
    object: StoredObject,
    header: &RecordedHeader,
    wanted: RangeOpener,
) -> Result<impl Stream<Item = Result<Bytes, OpenError>> + Send + use<>, OpenError> {
    let header = Arc::clone(header.parsed()?);
    let ahead = Ahead::of(objects.clone(), object, header, wanted);
    Ok(ahead.into_stream())
}

#[cfg(test)]
mod tests;

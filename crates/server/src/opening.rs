//! From a record to verified plaintext: the one reader of this server, for serving and for
//! checking (FORMAT.md R5, R6). Header, context, sizes and ETag come from the record; the store
//! is believed nothing.

use bytes::{Buf as _, Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream, stream::BoxStream};
use sealift_message::{
    DecryptError, Header, HeaderError, RangeDecryptor, RangeOpener, StoredHeader,
};
use sealift_transfer::api::{FileId, TenantId, UploadId};

use crate::{
    context,
    keys::{Keys, KeysError},
    objects::{Objects, ObjectsError, StoredObject},
};

/// What the record says of one sealed object, as far as opening needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealed<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) file_id: &'a FileId,
    pub(crate) upload_id: &'a UploadId,
    pub(crate) header: &'a [u8],
    pub(crate) plaintext_len: u64,
    pub(crate) sealed_len: u64,
}

/// Why an object was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the store did not give the object")]
    Objects(#[from] ObjectsError),
    #[error("the key was not opened")]
    Keys(#[from] KeysError),
    #[error("the object does not open")]
    Decrypt(#[from] DecryptError),
}

impl From<HeaderError> for OpenError {
    fn from(_: HeaderError) -> Self {
        Self::Decrypt(DecryptError::Unauthentic)
    }
}

/// Opens the data key, compares context and commitment, checks the header tag: what can open
/// any range of the object.
pub(crate) async fn decryptor(
    keys: &Keys,
    sealed: Sealed<'_>,
) -> Result<RangeDecryptor, OpenError> {
    let header = Header::parse_own(sealed.header)?;
    let context = context::of(sealed.tenant, sealed.file_id, sealed.upload_id)?;
    if *header.encryption_context() != context {
        return Err(DecryptError::Unauthentic.into());
    }
    let data_key = keys.open_data_key(sealed.tenant, &header, &context).await?;
    let decryptor = RangeDecryptor::new(header.verify(&data_key)?, sealed.sealed_len)?;
    if decryptor.layout().plaintext_len() != sealed.plaintext_len {
        return Err(DecryptError::Unauthentic.into());
    }
    Ok(decryptor)
}

/// The plaintext of a range as it comes: verified frame by frame, and ending cleanly only after
/// all of it. Where the range begins in the first frame, the object's header is fetched along
/// and must be the recorded one.
pub(crate) async fn plaintext(
    objects: &Objects,
    object: &StoredObject,
    header: &[u8],
    opener: RangeOpener,
) -> Result<impl Stream<Item = Result<Bytes, OpenError>> + Send + use<>, OpenError> {
    let stored = StoredHeader::new(header)?;
    let mut fetched = opener.sealed_range();
    let has_header = fetched.start == stored.header().len();
    if has_header {
        fetched.start = 0;
    }
    let mut sealed = objects.get_range(object, fetched).await?.stream;
    let rest = if has_header {
        after_header(&mut sealed, &stored).await?
    } else {
        Bytes::new()
    };
    let begin = Reading {
        sealed,
        rest,
        opener: Some(opener),
    };
    Ok(stream::try_unfold(begin, |mut reading| async move {
        let next = reading.next().await?;
        Ok(next.map(|bytes| (bytes, reading)))
    }))
}

/// Takes the header off the beginning; gives what came behind it.
async fn after_header(
    sealed: &mut BoxStream<'static, Result<Bytes, ObjectsError>>,
    stored: &StoredHeader,
) -> Result<Bytes, OpenError> {
    let header_len = stored.header().as_bytes().len();
    let mut seen = BytesMut::new();
    while seen.len() < header_len {
        match sealed.next().await {
            Some(bytes) => seen.extend_from_slice(&bytes?),
            None => return Err(DecryptError::Truncated.into()),
        }
    }
    stored.expect_at_start(&seen)?;
    seen.advance(header_len);
    Ok(seen.freeze())
}

struct Reading {
    sealed: BoxStream<'static, Result<Bytes, ObjectsError>>,
    rest: Bytes,
    /// `None` after the end was proved.
    opener: Option<RangeOpener>,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, OpenError> {
        let Some(opener) = &mut self.opener else {
            return Ok(None);
        };
        let mut plaintext = Vec::new();
        loop {
            let sealed = if self.rest.is_empty() {
                self.sealed.next().await.transpose()?
            } else {
                Some(core::mem::take(&mut self.rest))
            };
            let Some(sealed) = sealed else {
                break;
            };
            opener.push(&sealed, &mut plaintext)?;
            if !plaintext.is_empty() {
                return Ok(Some(plaintext.into()));
            }
        }
        if let Some(opener) = self.opener.take() {
            opener.finish()?;
        }
        Ok(None)
    }
}

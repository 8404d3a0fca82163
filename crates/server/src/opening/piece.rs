//! One piece of an object: one GET, whose frames are opened as they come.

use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};
use futures::{StreamExt as _, stream::BoxStream};
use sealift_message::{DecryptError, RangeOpener, StoredHeader};
use tokio::sync::mpsc::Sender;

use super::OpenError;
use crate::objects::{Objects, ObjectsError, StoredObject};

/// What a piece is fetched from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) objects: Objects,
    pub(super) object: StoredObject,
    pub(super) header: StoredHeader,
}

/// Fetches the frames of `opener` and gives their plaintext, verified frame by frame. Only `Ok`
/// proves that all of it was given. Where the piece begins in the first frame, the object's header
/// is fetched along and must be the recorded one.
pub(super) async fn open(
    source: Arc<Source>,
    mut opener: RangeOpener,
    plaintext: Sender<Bytes>,
) -> Result<(), OpenError> {
    let mut fetched = opener.sealed_range();
    let has_header = fetched.start == source.header.header().len();
    if has_header {
        fetched.start = 0;
    }
    let read = source.objects.get_range(&source.object, fetched).await?;
    let mut sealed = read.stream;
    let mut next = if has_header {
        Some(after_header(&mut sealed, &source.header).await?)
    } else {
        sealed.next().await.transpose()?
    };
    while let Some(bytes) = next {
        let mut opened = Vec::new();
        opener.push(&bytes, &mut opened)?;
        if !opened.is_empty() && plaintext.send(opened.into()).await.is_err() {
            // Nobody reads any more.
            return Err(OpenError::Stopped);
        }
        next = sealed.next().await.transpose()?;
    }
    opener.finish()?;
    Ok(())
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

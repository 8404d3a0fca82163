//! One piece of an object: one GET, whose frames are opened as they come, and another one for the rest
//! where the store breaks off.

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

/// How often a piece is asked for again whose GET breaks off: of a file of many pieces one breaks
/// sooner or later. What fails before a body comes, the S3 client repeats by itself.
const MOST_AGAIN: u32 = 2;

/// Gives the plaintext of `opener`, verified frame by frame. Only `Ok` proves that all of it was
/// given. Where the store breaks off, the frames that were not given yet are asked for again, of the
/// same object.
pub(super) async fn open(
    source: Arc<Source>,
    mut opener: RangeOpener,
    plaintext: Sender<Bytes>,
) -> Result<(), OpenError> {
    let mut given = Given {
        withheld: Vec::new(),
        plaintext,
    };
    let mut again = 0;
    loop {
        match open_once(&source, &mut opener, &mut given).await {
            Err(OpenError::Objects(error @ ObjectsError::Cut { .. })) if again < MOST_AGAIN => {
                opener = opener.rest().ok_or(error.clone())?;
                again = again.saturating_add(1);
                let key = source.object.key.as_str();
                tracing::warn!(object.key = key, %error, again, "The store broke off while {key} was read; the rest is asked for again");
            }
            Ok(()) => return Ok(opener.finish().map(drop)?),
            Err(error) => return Err(error),
        }
    }
}

/// The plaintext that the reader gets.
struct Given {
    /// The end of the file, as long as the empty final frame behind it is not open: the reader knows
    /// the length, and would take the file for whole.
    withheld: Vec<u8>,
    plaintext: Sender<Bytes>,
}

impl Given {
    /// # Errors
    /// [`OpenError::Stopped`] where nobody reads any more.
    async fn give(&mut self, opened: Vec<u8>, opener: &RangeOpener) -> Result<(), OpenError> {
        if self.withheld.is_empty() {
            self.withheld = opened;
        } else {
            self.withheld.extend_from_slice(&opened);
        }
        if self.withheld.is_empty() || opener.awaits_empty_frame() {
            return Ok(());
        }
        let opened = core::mem::take(&mut self.withheld);
        let sent = self.plaintext.send(opened.into()).await;
        sent.map_err(|_| OpenError::Stopped)
    }
}

/// One GET of the frames of `opener`. Where they begin with the first, the object's header is fetched
/// along and must be the recorded one.
async fn open_once(
    source: &Source,
    opener: &mut RangeOpener,
    given: &mut Given,
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
        given.give(opened, opener).await?;
        next = sealed.next().await.transpose()?;
    }
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

//! Reads one piece of an object with one GET, and opens its frames as they arrive. If the store
//! breaks off, another GET fetches the rest.

use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};
use futures::{StreamExt as _, stream::BoxStream};
use sealift_message::{DecryptError, RangeOpener, StoredHeader};
use tokio::sync::mpsc::Sender;

use super::OpenError;
use crate::objects::{Objects, ObjectsError, StoredObject};

/// The object that pieces are fetched from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) objects: Objects,
    pub(super) object: StoredObject,
    pub(super) header: Arc<StoredHeader>,
}

/// How often a piece whose GET breaks off is requested again. In a file of many pieces one GET
/// breaks off sooner or later. The S3 client itself retries failures before a body arrives.
const MOST_AGAIN: u32 = 2;

/// Sends the plaintext of `opener` to the reader, verified frame by frame. Only `Ok` proves that
/// all of it was sent. If the store breaks off, this requests the frames that were not sent yet
/// again, of the same object.
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
                tracing::warn!(object.key = key, %error, again, "The store ended the connection while {key} was read; the rest is requested again");
            }
            Ok(()) => return Ok(opener.finish().map(drop)?),
            Err(error) => return Err(error),
        }
    }
}

/// Sends verified plaintext to the reader, and holds back what must not be sent yet.
struct Given {
    /// The end of the file, held back until the empty final frame behind it is open. The reader
    /// knows the length, and would otherwise take the file for complete.
    withheld: Vec<u8>,
    plaintext: Sender<Bytes>,
}

impl Given {
    /// # Errors
    /// Returns [`OpenError::Stopped`] if nobody reads any more.
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

/// Sends one GET for the frames of `opener`. If they begin with the first frame, the object's
/// header is fetched too and must equal the recorded one.
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

/// Reads the header from the beginning, compares it, and returns the bytes that arrived behind it.
async fn after_header(
    sealed: &mut BoxStream<'static, Result<Bytes, ObjectsError>>,
    stored: &StoredHeader,
) -> Result<Bytes, OpenError> {
    let header_len = stored.header().as_bytes().len();
    let mut next = async || match sealed.next().await {
        Some(bytes) => Ok(bytes?),
        None => Err(OpenError::from(DecryptError::Truncated)),
    };
    // Almost always the first bytes hold the whole header, and need no copy.
    let mut seen = next().await?;
    while seen.len() < header_len {
        let mut longer = BytesMut::from(seen);
        longer.extend_from_slice(&next().await?);
        seen = longer.freeze();
    }
    stored.expect_at_start(&seen)?;
    seen.advance(header_len);
    Ok(seen)
}

//! Ranged reads of one certain object (FORMAT.md R6).

use core::time::Duration;
use std::ops::Range;

use aws_sdk_s3::{Client, primitives::ByteStream};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use super::{
    super::{ObjectRead, ObjectsError, StoredObject},
    translate,
};

/// The longest silence of the store in the middle of a body. Only our own waiting counts: a
/// reader that pauses costs nothing.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

pub(super) async fn get_range(
    client: &Client,
    bucket: &str,
    object: &StoredObject,
    range: Range<u64>,
) -> Result<ObjectRead, ObjectsError> {
    if range.is_empty() || range.end > object.len {
        return Err(ObjectsError::Length(range.end));
    }
    let last = range.end.saturating_sub(1);
    let answer = client
        .get_object()
        .bucket(bucket)
        .key(object.key.as_str())
        .set_version_id(object.version.as_ref().map(|version| version.0.clone()))
        .if_match(&object.etag.0)
        .range(format!("bytes={}-{last}", range.start))
        .send()
        .await
        .map_err(translate)?;

    // Some stores ignore If-Match: what they answer is compared all the same.
    let same_version = match &object.version {
        Some(version) => answer.version_id.as_ref() == Some(&version.0),
        None => true,
    };
    let is_the_object = answer.e_tag.as_ref() == Some(&object.etag.0)
        && same_version
        && answer.content_range.as_deref()
            == Some(format!("bytes {}-{last}/{}", range.start, object.len).as_str());
    if !is_the_object {
        return Err(ObjectsError::Replaced);
    }
    let asked_bytes = range.end.saturating_sub(range.start);
    Ok(ObjectRead {
        range,
        stream: exactly(answer.body, asked_bytes).boxed(),
    })
}

/// The body, with an error as its last item unless it had exactly `asked_bytes`.
fn exactly(
    body: ByteStream,
    asked_bytes: u64,
) -> impl stream::Stream<Item = Result<Bytes, ObjectsError>> + Send {
    stream::try_unfold((body, 0_u64), move |(mut body, got_bytes)| async move {
        let cut = ObjectsError::Cut {
            got_bytes,
            asked_bytes,
        };
        let next = tokio::time::timeout(LONGEST_SILENCE, body.next())
            .await
            .map_err(|_| cut.clone())?;
        match next {
            Some(Ok(bytes)) => {
                let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let got_bytes = got_bytes.saturating_add(more);
                if got_bytes > asked_bytes {
                    return Err(ObjectsError::Replaced);
                }
                Ok(Some((bytes, (body, got_bytes))))
            }
            None if got_bytes == asked_bytes => Ok(None),
            Some(Err(_)) | None => Err(cut),
        }
    })
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;

    async fn read(body: &'static [u8], asked_bytes: u64) -> Result<Vec<Bytes>, ObjectsError> {
        exactly(ByteStream::from_static(body), asked_bytes)
            .try_collect()
            .await
    }

    #[tokio::test]
    async fn a_body_that_ends_early_ends_with_an_error() {
        let cut = ObjectsError::Cut {
            got_bytes: 3,
            asked_bytes: 4,
        };
        assert_eq!(read(b"abc", 4).await, Err(cut));
    }

    #[tokio::test]
    async fn a_body_that_is_longer_than_asked_is_refused() {
        assert_eq!(read(b"abcde", 4).await, Err(ObjectsError::Replaced));
    }

    #[tokio::test]
    async fn a_body_of_the_asked_length_ends_cleanly() {
        assert_eq!(read(b"abcd", 4).await.unwrap().concat(), b"abcd");
    }
}

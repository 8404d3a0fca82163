//! Reads ranges of one exact object (docs/FORMAT.md, R6), and proves what lies at an object key.
//!
//! A difference counts only if the store itself proves it: by its own code, or by an answer to
//! exactly the requested range, with an ETag that names the bytes. Any other answer may be a
//! gateway's, so the caller has to look again.

use core::time::Duration;
use std::ops::Range;

use aws_sdk_s3::{
    Client, operation::get_object::builders::GetObjectFluentBuilder, primitives::ByteStream,
    types::ChecksumMode,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    super::{ObjectHead, ObjectKey, ObjectRead, ObjectsError, Reported, StoredObject, VersionId},
    answers::{self, translate_of},
};

/// The longest time that the store may send nothing in the middle of a body. Only our own waiting
/// counts; a reader that pauses uses up none of it.
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
    let asked = ask(client, bucket, &object.key, object.version.as_ref(), &range);
    let answer = asked.if_match(&object.etag.0).send().await;
    let answer = match answer.map_err(translate_of(object.version.as_ref())) {
        Ok(answer) => answer,
        Err(
            error @ (ObjectsError::Refused { status: 416, .. }
            | ObjectsError::Unavailable {
                status: Some(404 | 412 | 416),
            }),
        ) => return Err(look(client, bucket, object, error).await?),
        Err(error) => return Err(error),
    };
    let total = total_of(&range, answer.content_range.as_deref())?;
    let etag = answers::etag(answer.e_tag)?;
    let same_version = match (&object.version, answer.version_id) {
        (Some(version), Some(given)) => given == version.0,
        (Some(_), None) => {
            let field = "x-amz-version-id";
            return Err(ObjectsError::Incomprehensible { field });
        }
        (None, _) => true,
    };
    // Some stores ignore If-Match, so the answer is compared in any case.
    if etag != object.etag || !same_version || total != object.len {
        return Err(ObjectsError::Replaced);
    }
    let asked_bytes = range.end.saturating_sub(range.start);
    Ok(ObjectRead {
        range,
        stream: exactly(answer.body, asked_bytes).boxed(),
    })
}

fn ask(
    client: &Client,
    bucket: &str,
    key: &ObjectKey,
    version: Option<&VersionId>,
    range: &Range<u64>,
) -> GetObjectFluentBuilder {
    let last = range.end.saturating_sub(1);
    client
        .get_object()
        .bucket(bucket)
        .key(key.as_str())
        .set_version_id(version.map(|version| version.0.clone()))
        .range(format!("bytes={}-{last}", range.start))
}

/// Returns the length of the whole object, from an answer to exactly this range, or to as much of
/// it as the object has.
fn total_of(range: &Range<u64>, content_range: Option<&str>) -> Result<u64, ObjectsError> {
    let field = "Content-Range";
    let first = format!("bytes {}-", range.start);
    content_range
        .and_then(|given| given.strip_prefix(&first)?.split_once('/'))
        .and_then(|(last, total)| Some((last.parse().ok()?, total.parse().ok()?)))
        .filter(|(last, total): &(u64, u64)| last.checked_add(1) == Some(range.end.min(*total)))
        .map(|(_, total)| total)
        .ok_or(ObjectsError::Incomprehensible { field })
}

/// Looks at the object after an answer that does not prove why it was not returned: a range behind
/// the object's end, or a status without a code. Some stores send 412 without one.
async fn look(
    client: &Client,
    bucket: &str,
    object: &StoredObject,
    refused: ObjectsError,
) -> Result<ObjectsError, ObjectsError> {
    let (key, version) = (&object.key, object.version.as_ref());
    let Some(found) = head(client, bucket, key, version).await? else {
        return Ok(ObjectsError::NotFound);
    };
    prove(client, bucket, key, &found).await?;
    Ok(match refused {
        _ if found.len != object.len || found.etag != object.etag => ObjectsError::Replaced,
        // The object is there after all.
        ObjectsError::Refused { status, .. } => ObjectsError::Unavailable {
            status: Some(status),
        },
        refused => refused,
    })
}

/// The most attempts to look: an object may arrive between HEAD and the GET that asks for the
/// reason.
const MOST_LOOKS: u32 = 3;

/// Returns the object at the key now, or that version of it. An absence is proven with a GET,
/// because answers to HEAD have no body and thus no code.
pub(super) async fn head(
    client: &Client,
    bucket: &str,
    key: &ObjectKey,
    version: Option<&VersionId>,
) -> Result<Option<ObjectHead>, ObjectsError> {
    let mut status = None;
    for _ in 0..MOST_LOOKS {
        let asked = client
            .head_object()
            .bucket(bucket)
            .key(key.as_str())
            .set_version_id(version.map(|version| version.0.clone()))
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        let error = match asked {
            Ok(answer) => {
                return Ok(Some(ObjectHead {
                    len: answers::positive(answer.content_length, "Content-Length")?,
                    sha256: answer.checksum_sha256.and_then(|text| text.parse().ok()),
                    etag: answers::etag(answer.e_tag)?,
                    version: answer.version_id.map(VersionId),
                    encryption: Reported::of(
                        answer.server_side_encryption,
                        answer.ssekms_key_id,
                        answer.bucket_key_enabled,
                    ),
                }));
            }
            Err(error) => error,
        };
        status = error.raw_response().map(|answer| answer.status().as_u16());
        if status.is_none_or(|status| status >= 500 && status != 501) {
            return Err(translate_of(version)(error));
        }
        let heard = ask(client, bucket, key, version, &(0..1)).send().await;
        match heard.map_err(translate_of(version)) {
            Err(ObjectsError::NotFound) => return Ok(None),
            // The two answers contradict each other: an object arrived, or something stands before
            // the store.
            Ok(_) | Err(ObjectsError::Refused { status: 416, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(ObjectsError::Unavailable { status })
}

/// Returns whether the store refuses a GET that demands another ETag than the object has.
pub(super) async fn heeds_if_match(
    client: &Client,
    bucket: &str,
    another: &StoredObject,
) -> Result<bool, ObjectsError> {
    let (key, version) = (&another.key, another.version.as_ref());
    let asked = ask(client, bucket, key, version, &(0..1)).if_match(&another.etag.0);
    match asked.send().await.map_err(translate_of(version)) {
        Ok(_) => Ok(false),
        Err(ObjectsError::Replaced | ObjectsError::Unavailable { status: Some(412) }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Proves that `found` is the object in the store, by reading a byte of it. HEAD alone proves
/// nothing, because a gateway's page also has a length.
///
/// # Errors
/// Fails if it is not proven; the caller must look again.
pub(super) async fn prove(
    client: &Client,
    bucket: &str,
    key: &ObjectKey,
    found: &ObjectHead,
) -> Result<(), ObjectsError> {
    let range = 0..1;
    let version = found.version.as_ref();
    let asked = ask(client, bucket, key, version, &range);
    let answer = asked.if_match(&found.etag.0).send().await;
    let answer = match answer.map_err(translate_of(version)) {
        Ok(answer) => answer,
        // An empty object has no range.
        Err(ObjectsError::Refused { status: 416, .. }) if found.len == 0 => return Ok(()),
        Err(ObjectsError::Replaced) => {
            let status = Some(412);
            return Err(ObjectsError::Unavailable { status });
        }
        Err(error) => return Err(error),
    };
    let total = total_of(&range, answer.content_range.as_deref())?;
    let is_it = total == found.len && answers::etag(answer.e_tag)? == found.etag;
    let mut bytes = core::pin::pin!(exactly(answer.body, 1));
    while bytes.try_next().await?.is_some() {}
    if is_it {
        Ok(())
    } else {
        Err(ObjectsError::Unavailable { status: None })
    }
}

/// Streams the body. The last item is an error unless the body had exactly `asked_bytes`.
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
                    // The answer contradicts its own Content-Range, so it proves nothing.
                    let field = "body";
                    return Err(ObjectsError::Incomprehensible { field });
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
        let field = "body";
        let refused = Err(ObjectsError::Incomprehensible { field });
        assert_eq!(read(b"abcde", 4).await, refused);
    }

    #[tokio::test]
    async fn a_body_of_the_asked_length_ends_cleanly() {
        assert_eq!(read(b"abcd", 4).await.unwrap().concat(), b"abcd");
    }
}

//! Signs requests for one endpoint (docs/FORMAT.md, R10). The signature of a PUT covers the host, the
//! exact content length and the SHA-256 of the bytes; that of a GET covers the host and the ETag.
//! Neither covers a header whose value the sender does not know.

use core::time::Duration;
use std::{collections::BTreeMap, fmt, sync::Arc, time::UNIX_EPOCH};

use aws_sdk_s3::{
    Client,
    config::{ProvideCredentials as _, SharedCredentialsProvider},
    presigning::{PresignedRequest, PresigningConfig},
};
use sealift_transfer::{
    PartNumber,
    api::{PresignedGet, Sha256},
};
use tokio::sync::Mutex;

use super::super::{
    ENCRYPTION_HEADERS, ObjectKey, ObjectsError, PresignedPut, S3UploadId, StoreEncryption,
    StoredObject,
};
use crate::unix_millis::UnixMillis;

/// How long a presigned URL works, unless the signing credentials end earlier.
pub const PRESIGNED_FOR: Duration = Duration::from_secs(15 * 60);

/// How long credentials must still last; otherwise new ones are requested. The AWS chain
/// provides the next ones about five minutes before the old ones end.
const LEAST_LEFT: Duration = Duration::from_secs(5 * 60);

/// A PUT to be signed.
pub(super) struct ToSign<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a ObjectKey,
    pub(super) becomes: Becomes<'a>,
    pub(super) sha256: &'a Sha256,
    pub(super) sealed_len: u64,
    pub(super) encryption: &'a StoreEncryption,
}

/// The purpose of the bytes that are PUT.
#[derive(Clone, Copy)]
pub(super) enum Becomes<'a> {
    /// The bytes become this part of that multipart upload.
    Part(&'a S3UploadId, PartNumber),
    /// The bytes become the whole object, if there is none.
    Object,
}

impl Becomes<'_> {
    /// Returns the only headers that the signature may cover, in alphabetical order, because they are
    /// compared with `X-Amz-SignedHeaders`. Every HTTP client sends the first two by itself. Those
    /// that it must be told to send are in [`TO_BE_SENT`] and [`ENCRYPTION_HEADERS`], and CORS must allow
    /// them.
    fn signed_headers(self, encryption: &StoreEncryption) -> Vec<&'static str> {
        match self {
            Self::Part(..) => vec!["content-length", "host", CHECKSUM],
            Self::Object => ["content-length", "host", IF_NONE_MATCH, CHECKSUM]
                .into_iter()
                .chain(encryption.headers())
                .collect(),
        }
    }
}

/// The headers that the signature of a GET covers. Without the record's ETag the URL does not work,
/// so that no reader forgets to compare it (docs/FORMAT.md, R6). The range is not signed.
const SIGNED_OF_GET: &[&str] = &["host", IF_MATCH];

const CHECKSUM: &str = "x-amz-checksum-sha256";
const IF_NONE_MATCH: &str = "if-none-match";
const IF_MATCH: &str = "if-match";
/// The signed headers that the sender must add itself.
const TO_BE_SENT: [&str; 3] = [CHECKSUM, IF_NONE_MATCH, IF_MATCH];

/// Signs for one endpoint, and knows when the signing credentials end. The SDK's own cache does not
/// tell when they end.
#[derive(Clone)]
pub(super) struct Signer {
    template: aws_sdk_s3::Config,
    provider: Option<SharedCredentialsProvider>,
    current: Arc<Mutex<Option<Current>>>,
}

/// A client bound to one set of credentials.
#[derive(Clone)]
struct Current {
    client: Client,
    /// The time at which the credentials end; `None` if they never do.
    ends_at: Option<UnixMillis>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    pub(super) fn new(client: &Client, provider: Option<SharedCredentialsProvider>) -> Self {
        Self {
            template: client.config().clone(),
            provider,
            current: Arc::default(),
        }
    }

    pub(super) async fn sign(
        &self,
        what: ToSign<'_>,
        now: UnixMillis,
    ) -> Result<PresignedPut, ObjectsError> {
        let current = self.current(now).await?;
        let (window, expires_at) = window(now, current.ends_at)?;
        let signed = presigned(&current.client, &what, window).await?;
        let (url, headers) = expect_signed(&signed, &what.becomes.signed_headers(what.encryption))?;
        Ok(PresignedPut {
            url,
            headers,
            expires_at,
            expires_in_ms: left_ms(now, expires_at),
        })
    }

    /// Signs the GET of exactly this object, whole or by ranges, for no longer than until
    /// `until`.
    pub(super) async fn sign_get(
        &self,
        bucket: &str,
        object: &StoredObject,
        now: UnixMillis,
        until: Option<UnixMillis>,
    ) -> Result<PresignedGet, ObjectsError> {
        let current = self.current(now).await?;
        let ends_at = [current.ends_at, until].into_iter().flatten().min();
        let (window, expires_at) = window(now, ends_at)?;
        let get = current
            .client
            .get_object()
            .bucket(bucket)
            .key(object.key.as_str())
            .set_version_id(object.version.as_ref().map(|version| version.0.clone()))
            .if_match(&object.etag.0);
        let signed = get.presigned(window).await.map_err(super::translate)?;
        let (url, headers) = expect_signed(&signed, SIGNED_OF_GET)?;
        Ok(PresignedGet {
            url,
            headers,
            expires_at_ms: expires_at.get(),
            expires_in_ms: Some(left_ms(now, expires_at)),
        })
    }

    async fn current(&self, now: UnixMillis) -> Result<Current, ObjectsError> {
        let mut current = self.current.lock().await;
        if let Some(current) = current.as_ref() {
            let left = current.ends_at.map(|end| end.since(now));
            if left.is_none_or(|left| left >= LEAST_LEFT) {
                return Ok(current.clone());
            }
        }
        let provider = self.provider.as_ref().ok_or(ObjectsError::NoCredentials)?;
        let credentials = provider
            .provide_credentials()
            .await
            .map_err(|_| ObjectsError::NoCredentials)?;
        let fresh = Current {
            ends_at: credentials.expiry().map(UnixMillis::from),
            client: Client::from_conf(
                self.template
                    .to_builder()
                    .credentials_provider(credentials)
                    .build(),
            ),
        };
        *current = Some(fresh.clone());
        Ok(fresh)
    }
}

/// Returns the URL and the headers that its sender must add. Fails if the signature covers any
/// other header.
fn expect_signed(
    signed: &PresignedRequest,
    wanted: &[&str],
) -> Result<(String, BTreeMap<String, String>), ObjectsError> {
    let url = signed.uri().to_owned();
    if signed_headers(&url).as_deref() != Some(wanted.join(";").as_str()) {
        return Err(ObjectsError::WrongSignedHeaders);
    }
    let headers = signed
        .headers()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .filter(|(name, _)| {
            let name = name.as_str();
            TO_BE_SENT.contains(&name) || ENCRYPTION_HEADERS.contains(&name)
        })
        .collect();
    Ok((url, headers))
}

/// Presigns the PUT. Only the checksum's value is set, because setting the algorithm would add a
/// header that must be sent.
async fn presigned(
    client: &Client,
    what: &ToSign<'_>,
    window: PresigningConfig,
) -> Result<PresignedRequest, ObjectsError> {
    let content_length =
        i64::try_from(what.sealed_len).map_err(|_| ObjectsError::Length(what.sealed_len))?;
    match what.becomes {
        Becomes::Part(s3_upload_id, number) => {
            let part = client
                .upload_part()
                .bucket(what.bucket)
                .key(what.key.as_str())
                .upload_id(&s3_upload_id.0)
                .part_number(i32::from(number.get()))
                .checksum_sha256(what.sha256.to_string())
                .content_length(content_length);
            part.presigned(window).await.map_err(super::translate)
        }
        Becomes::Object => {
            let object = what
                .encryption
                .put_object(client)
                .bucket(what.bucket)
                .key(what.key.as_str())
                .if_none_match("*")
                .checksum_sha256(what.sha256.to_string())
                .content_length(content_length);
            object.presigned(window).await.map_err(super::translate)
        }
    }
}

/// Returns the time for which to sign: from now until 15 minutes have passed or the credentials
/// end, whichever comes first.
fn window(
    now: UnixMillis,
    ends_at: Option<UnixMillis>,
) -> Result<(PresigningConfig, UnixMillis), ObjectsError> {
    let until = now.later_by(PRESIGNED_FOR);
    let until = ends_at.map_or(until, |end| end.min(until));
    // S3 counts whole seconds.
    let left = Duration::from_secs(until.since(now).as_secs());
    if left.is_zero() {
        return Err(ObjectsError::NoCredentials);
    }
    let start = u64::try_from(now.get())
        .map(|ms| UNIX_EPOCH + Duration::from_millis(ms))
        .map_err(|_| ObjectsError::Incomprehensible { field: "clock" })?;
    let config = PresigningConfig::builder()
        .start_time(start)
        .expires_in(left)
        .build()
        .map_err(|_| ObjectsError::Incomprehensible { field: "expiry" })?;
    Ok((config, now.later_by(left)))
}

/// Returns the milliseconds from now to the end of a signature, for clients whose clock differs
/// from this one.
fn left_ms(now: UnixMillis, expires_at: UnixMillis) -> u64 {
    u64::try_from(expires_at.since(now).as_millis()).unwrap_or(u64::MAX)
}

/// Returns the `X-Amz-SignedHeaders` of a presigned URL, decoded.
fn signed_headers(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == "X-Amz-SignedHeaders")
        .and_then(|(_, value)| {
            percent_encoding::percent_decode_str(value)
                .decode_utf8()
                .ok()
        })
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::from_ms(1_780_000_000_000);

    #[test]
    fn a_url_lives_for_15_minutes() {
        let (window, until) = window(NOW, None).unwrap();
        assert_eq!(window.expires(), Duration::from_secs(900));
        assert_eq!(until, NOW.later_by(PRESIGNED_FOR));
    }

    #[test]
    fn a_url_does_not_outlive_the_credentials_that_signed_it() {
        let (window, until) =
            window(NOW, Some(NOW.later_by(Duration::from_millis(61_500)))).unwrap();
        assert_eq!(window.expires(), Duration::from_secs(61));
        assert_eq!(until, NOW.later_by(Duration::from_secs(61)));
    }

    #[test]
    fn nothing_is_signed_with_credentials_that_have_ended() {
        assert_eq!(
            window(NOW, Some(NOW.earlier_by(Duration::from_millis(1)))).unwrap_err(),
            ObjectsError::NoCredentials
        );
    }

    #[test]
    fn the_signed_headers_are_read_from_the_url() {
        let url = "http://h/k?a=b&X-Amz-SignedHeaders=content-length%3Bhost&c=d";
        assert_eq!(signed_headers(url).unwrap(), "content-length;host");
        assert_eq!(signed_headers("http://h/k"), None);
    }
}

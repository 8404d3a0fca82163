//! Messages in S3, by AWS credentials alone: no server of ours is asked. One certain object is read:
//! size, ETag and version of the first answer hold to the end, also over lost connections.

use core::time::Duration;

use anyhow::anyhow;
use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        StalledStreamProtectionConfig, timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use super::{Message, Want, place::S3Url};
use crate::{
    args::S3Reach,
    failure::{Exit, Failure},
    terminal::shown,
};

/// The longest silence of the store, before an answer and within a body.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// Connections that may break one after the other without a byte between.
const MOST_BROKEN: u32 = 5;

pub(super) async fn open(url: &S3Url, reach: &S3Reach, want: Want) -> anyhow::Result<Message> {
    let client = client(reach).await;
    let head = client
        .head_object()
        .bucket(&url.bucket)
        .key(&url.key)
        .set_version_id(reach.s3_version.clone())
        .send()
        .await
        .map_err(|error| translate(url, error))?;
    let (Some(len), Some(etag)) = (
        head.content_length.and_then(|len| u64::try_from(len).ok()),
        head.e_tag,
    ) else {
        return Err(anyhow!(
            "the store does not tell the size and ETag of the object"
        ));
    };
    let end = match want {
        Want::All => len,
        Want::Beginning(bytes) => bytes.min(len),
    };
    let reading = Reading {
        client,
        url: url.clone(),
        version: reach.s3_version.clone().or(head.version_id),
        etag,
        len,
        end,
        at: 0,
        body: None,
        broken: 0,
    };
    Ok(Message {
        len: Some(len),
        bytes: stream::try_unfold(reading, Reading::next).boxed(),
    })
}

async fn client(reach: &S3Reach) -> Client {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(region) = &reach.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let shared = loader.load().await;
    let mut builder = aws_sdk_s3::config::Builder::from(&shared)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(LONGEST_SILENCE)
                .build(),
        )
        // Whoever reads our stdout may pause for as long as they like.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &reach.s3_endpoint {
        // As the server's own setting: other stores seldom have a name for every bucket.
        builder = builder.endpoint_url(endpoint).force_path_style(true);
    }
    Client::from_conf(builder.build())
}

/// How far an object was read.
struct Reading {
    client: Client,
    url: S3Url,
    version: Option<String>,
    etag: String,
    len: u64,
    end: u64,
    at: u64,
    body: Option<ByteStream>,
    /// Connections that broke since the last byte.
    broken: u32,
}

impl Reading {
    async fn next(mut self) -> anyhow::Result<Option<(Bytes, Self)>> {
        while self.at < self.end {
            let mut body = match self.body.take() {
                Some(body) => body,
                None => self.get().await?,
            };
            match tokio::time::timeout(LONGEST_SILENCE, body.next()).await {
                Ok(Some(Ok(bytes))) => {
                    let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                    self.at = self.at.saturating_add(more);
                    if self.at > self.end {
                        return Err(self.replaced().into());
                    }
                    self.broken = 0;
                    self.body = Some(body);
                    return Ok(Some((bytes, self)));
                }
                // It goes on where it broke.
                _ if self.broken < MOST_BROKEN => {
                    self.broken += 1;
                    tokio::time::sleep(Duration::from_millis(500) * self.broken).await;
                }
                _ => {
                    let cut = "the store ends its answers before the object does";
                    return Err(Failure::new(Exit::Unreachable, cut)
                        .remedy("try again")
                        .into());
                }
            }
        }
        Ok(None)
    }

    /// From where we are to the end, of exactly this object.
    async fn get(&self) -> anyhow::Result<ByteStream> {
        let last = self.end.saturating_sub(1);
        let answer = self
            .client
            .get_object()
            .bucket(&self.url.bucket)
            .key(&self.url.key)
            .set_version_id(self.version.clone())
            .if_match(&self.etag)
            .range(format!("bytes={}-{last}", self.at))
            .send()
            .await
            .map_err(|error| translate(&self.url, error))?;
        // Some stores ignore If-Match: what they answer is compared all the same.
        let range = format!("bytes {}-{last}/{}", self.at, self.len);
        if answer.e_tag.as_ref() != Some(&self.etag)
            || answer.content_range.as_deref() != Some(&range)
        {
            return Err(self.replaced().into());
        }
        Ok(answer.body)
    }

    fn replaced(&self) -> Failure {
        replaced(&self.url)
    }
}

fn replaced(url: &S3Url) -> Failure {
    let message = format!("{} was replaced while it was read", name(url));
    Failure::new(Exit::NotAuthentic, message)
        .remedy("try again")
        .code("object_replaced")
}

fn name(url: &S3Url) -> String {
    format!("s3://{}/{}", shown(&url.bucket), shown(&url.key))
}

/// The one table of S3's refusals. HEAD has no body, hence no code: its status must do.
fn translate<E: ProvideErrorMetadata>(
    url: &S3Url,
    error: SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
) -> Failure {
    let no_credentials = || {
        Failure::new(
            Exit::NotAllowed,
            "S3 cannot be asked without credentials and a region",
        )
        .remedy("give them by the AWS chain: AWS_PROFILE, AWS_ACCESS_KEY_ID, or --region")
        .code("no_credentials")
    };
    let SdkError::ServiceError(refusal) = error else {
        return match error {
            // Without credentials or a region a request cannot be constructed or signed.
            SdkError::ConstructionFailure(_) => no_credentials(),
            SdkError::DispatchFailure(failure)
                if failure.is_other() && failure.as_other().is_none() =>
            {
                no_credentials()
            }
            _ => Failure::new(Exit::Unreachable, "the store does not answer")
                .remedy("look at the network and --s3-endpoint, then try again"),
        };
    };
    let name = name(url);
    let status = refusal.raw().status().as_u16();
    let code = refusal.err().code().unwrap_or_default();
    match (status, code) {
        (_, "NoSuchKey" | "NoSuchVersion" | "NoSuchBucket") | (404, _) => {
            Failure::new(Exit::NotFound, format!("there is no {name}"))
                .remedy("look at bucket, key, --s3-version and --region")
        }
        (412 | 416, _) => replaced(url),
        (301 | 307, _) => Failure::new(Exit::Usage, format!("{name} is in another region"))
            .remedy("give the bucket's region with --region"),
        (401 | 403, _) => Failure::new(
            Exit::NotAllowed,
            format!("the store does not let you read {name}"),
        )
        .remedy("look at the credentials and at the bucket's policy"),
        (429 | 500..=599, _) => {
            Failure::new(Exit::Unreachable, format!("the store is busy ({status})"))
                .remedy("try again")
        }
        _ => Failure::new(
            Exit::Failed,
            format!(
                "the store refuses to give {name} ({status} {})",
                shown(code)
            ),
        ),
    }
}

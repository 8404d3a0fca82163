//! Reads messages from S3 with AWS credentials alone, without a server of ours. All bytes come from one object: size,
//! ETag and version of the first answer must stay the same to the end, even if connections break.

use core::time::Duration;

use anyhow::anyhow;
use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        StalledStreamProtectionConfig, timeout::TimeoutConfig,
    },
    primitives::ByteStream,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use super::{Message, Want, location::S3Url};
use crate::{
    args::S3Reach,
    failure::{Exit, Failure},
};

mod refusal;

use refusal::{lacks_its_reason, replaced, translate};

/// The longest wait for the store, before an answer and within a body.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// The number of connections that may break one after the other without a byte in between.
const MOST_BROKEN: u32 = 5;

pub(super) async fn open(url: &S3Url, reach: &S3Reach, want: Want) -> anyhow::Result<Message> {
    let client = client(reach).await;
    let asked = client
        .head_object()
        .bucket(&url.bucket)
        .key(&url.key)
        .set_version_id(reach.s3_version.clone())
        .send()
        .await;
    let head = match asked {
        Ok(head) => head,
        Err(error) if lacks_its_reason(&error) => {
            return Err(reason(&client, url, reach).await.into());
        }
        Err(error) => return Err(translate(url, region(&client), &error).into()),
    };
    let (Some(len), Some(etag)) = (
        head.content_length.and_then(|len| u64::try_from(len).ok()),
        head.e_tag,
    ) else {
        return Err(anyhow!(
            "the store does not report the object's size and ETag"
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

/// Finds out why the store refused the HEAD. Only the answer to a GET has a body, which gives the reason.
async fn reason(client: &Client, url: &S3Url, reach: &S3Reach) -> Failure {
    let asked = client
        .get_object()
        .bucket(&url.bucket)
        .key(&url.key)
        .set_version_id(reach.s3_version.clone())
        .range("bytes=0-0")
        .send()
        .await;
    match asked {
        Ok(_) => Failure::new(Exit::Failed, "the store answers GET, but refuses HEAD")
            .remedy("fetch the object with another program, and give the file"),
        Err(error) => translate(url, region(client), &error),
    }
}

/// Returns the region that requests are signed for.
fn region(client: &Client) -> Option<&str> {
    client.config().region().map(Region::as_ref)
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
        // Stalls are allowed, because the reader of our stdout may pause for as long as it likes.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &reach.s3_endpoint {
        // The server does the same, because stores other than AWS seldom have a host name for every bucket.
        builder = builder.endpoint_url(endpoint).force_path_style(true);
    }
    Client::from_conf(builder.build())
}

/// An object while it is read.
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
                // The next connection continues where this one broke.
                _ if self.broken < MOST_BROKEN => {
                    self.broken += 1;
                    tokio::time::sleep(Duration::from_millis(500) * self.broken).await;
                }
                _ => {
                    let cut = "the store ends its answers before the object is complete";
                    return Err(Failure::new(Exit::Unreachable, cut)
                        .remedy("try again")
                        .into());
                }
            }
        }
        Ok(None)
    }

    /// Requests the rest of exactly this object, from the current position on.
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
            .map_err(|error| translate(&self.url, region(&self.client), &error))?;
        // Some stores ignore If-Match or Range, so their answer is compared.
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

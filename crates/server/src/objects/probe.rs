//! The proof that the store enforces signed checksums (FORMAT.md R10), at every start.
//!
//! A store that takes a body other than the signed one would let a browser, a proxy or a thief of
//! a URL put other bytes under a part that the record believes to know.

use core::time::Duration;

use sealift_transfer::api::Sha256;

use super::{ObjectKey, Objects, ObjectsError, PresignedPut, S3UploadId};

/// Why this store cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The one that matters.
    #[error(
        "the object store took other bytes than those of the signed SHA-256; use a store \
         that enforces x-amz-checksum-sha256 (AWS S3, Garage 2, the embedded one)"
    )]
    WrongBytesTaken,
    /// A URL without its checksum header would let any bytes in.
    #[error(
        "the object store took bytes without the signed x-amz-checksum-sha256 header; use a store \
         that verifies signed headers (AWS S3, Garage 2, the embedded one)"
    )]
    MissingHeaderTaken,
    /// Refusing everything proves nothing.
    #[error(
        "the object store refused correct bytes with status {status}; check that bucket, region \
         and credentials are right and that the clocks differ by less than a minute"
    )]
    RightBytesRefused {
        /// Of the HTTP answer.
        status: u16,
    },
    /// Completion needs it (FORMAT.md R7).
    #[error(
        "the object store does not tell the SHA-256 of what it keeps, so uploads cannot be verified \
         in it; use another one (AWS S3, Garage 2, the embedded one)"
    )]
    ChecksumNotTold,
    /// It failed before anything could be proved.
    #[error("the object store could not be tried; check endpoint, bucket, region and credentials")]
    Objects(#[from] ObjectsError),
}

impl Objects {
    /// Tries the store with a part and with a whole object: a wrong body and a missing header must
    /// be refused, the right body taken and told with its SHA-256. What it needs, under
    /// `<prefix>/probe/`, is removed afterwards. `random` names it.
    ///
    /// # Errors
    /// [`ProbeError`]: a sentence for the operator; the server must not start.
    pub async fn prove_checksums(&self, random: [u8; 16], now_ms: i64) -> Result<(), ProbeError> {
        let name = sealift_transfer::api::UploadId::from_random(random);
        let key = ObjectKey::from_record(format!("{}/probe/{name}", self.prefix()));
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            // The way that the SDK goes, which knows no proxy either.
            .no_proxy()
            .build()
            .map_err(|_| ObjectsError::Unavailable { status: None })?;

        let s3_upload_id = self.create_multipart(&key).await?;
        let of_a_part = prove_part(self, &http, &key, &s3_upload_id, now_ms).await;
        tidied(self.abort_multipart(&key, &s3_upload_id).await);
        of_a_part?;
        let of_an_object = prove_object(self, &http, &key, now_ms).await;
        tidied(self.remove(&key).await);
        of_an_object
    }
}

/// A probe that cannot be tidied up is no reason to refuse the store: lifecycle rules and the
/// sweeper end it.
fn tidied(outcome: Result<(), ObjectsError>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "Something of the probe stays behind in the object store");
    }
}

const RIGHT: &[u8] = b"sealift probe: the bytes that were signed";
/// As long as the right ones, so that only the checksum tells them apart.
const WRONG: &[u8] = b"sealift probe: the bytes that were forged";

async fn prove_part(
    objects: &Objects,
    http: &reqwest::Client,
    key: &ObjectKey,
    s3_upload_id: &S3UploadId,
    now_ms: i64,
) -> Result<(), ProbeError> {
    let (sha256, len) = right();
    let put = objects.presign_own(key, Some(s3_upload_id), &sha256, len, now_ms);
    only_right_bytes_are_taken(http, &put.await?).await?;
    let listed = objects.list_parts(key, s3_upload_id).await?;
    match listed.as_slice() {
        [part] if part.sha256 == Some(sha256) => Ok(()),
        _ => Err(ProbeError::ChecksumNotTold),
    }
}

async fn prove_object(
    objects: &Objects,
    http: &reqwest::Client,
    key: &ObjectKey,
    now_ms: i64,
) -> Result<(), ProbeError> {
    let (sha256, len) = right();
    let put = objects.presign_own(key, None, &sha256, len, now_ms);
    only_right_bytes_are_taken(http, &put.await?).await?;
    match objects.head(key, None).await? {
        Some(head) if head.sha256 == Some(sha256) => Ok(()),
        _ => Err(ProbeError::ChecksumNotTold),
    }
}

fn right() -> (Sha256, u64) {
    let len = u64::try_from(RIGHT.len()).unwrap_or(u64::MAX);
    (Sha256::of(RIGHT), len)
}

async fn only_right_bytes_are_taken(
    http: &reqwest::Client,
    put: &PresignedPut,
) -> Result<(), ProbeError> {
    if is_success(send(http, put, true, WRONG).await?) {
        return Err(ProbeError::WrongBytesTaken);
    }
    if is_success(send(http, put, false, RIGHT).await?) {
        return Err(ProbeError::MissingHeaderTaken);
    }
    let status = send(http, put, true, RIGHT).await?;
    if is_success(status) {
        Ok(())
    } else {
        Err(ProbeError::RightBytesRefused { status })
    }
}

async fn send(
    http: &reqwest::Client,
    put: &PresignedPut,
    with_headers: bool,
    body: &'static [u8],
) -> Result<u16, ObjectsError> {
    let mut request = http.put(&put.url).body(body);
    for (name, value) in put.headers.iter().filter(|_| with_headers) {
        request = request.header(name, value);
    }
    let answer = request
        .send()
        .await
        .map_err(|_| ObjectsError::Unavailable { status: None })?;
    let status = answer.status().as_u16();
    // Read to its end, so that the connection can be used again.
    let _ = answer.bytes().await;
    Ok(status)
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

#[cfg(test)]
mod tests;

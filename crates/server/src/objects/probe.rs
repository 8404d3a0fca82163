//! The proof that the store enforces part checksums (FORMAT.md R10), at every start.
//!
//! A store that takes a body other than the signed one would let a browser, a proxy or a thief of
//! a URL put other bytes under a part that the record believes to know.

use core::time::Duration;

use sealift_transfer::{PartNumber, api::Sha256};

use super::{ObjectKey, Objects, ObjectsError, PresignedPut, S3UploadId};

/// Why this store cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The one that matters.
    #[error(
        "the object store took a part whose bytes are not those of its signed SHA-256; use a store \
         that enforces x-amz-checksum-sha256 (AWS S3, Garage 2, the embedded one)"
    )]
    WrongBytesTaken,
    /// A URL without its checksum header would let any bytes in.
    #[error(
        "the object store took a part without its signed x-amz-checksum-sha256 header; use a store \
         that verifies signed headers (AWS S3, Garage 2, the embedded one)"
    )]
    MissingHeaderTaken,
    /// Refusing everything proves nothing.
    #[error(
        "the object store refused a correct part with status {status}; check that bucket, region \
         and credentials are right and that the clocks differ by less than a minute"
    )]
    RightBytesRefused {
        /// Of the HTTP answer.
        status: u16,
    },
    /// Completion needs it (FORMAT.md R7).
    #[error(
        "the object store does not list the SHA-256 of a part; sealift cannot verify uploads in it"
    )]
    ChecksumNotListed,
    /// It failed before anything could be proved.
    #[error("the object store could not be tried; check endpoint, bucket, region and credentials")]
    Objects(#[from] ObjectsError),
}

impl Objects {
    /// Tries the store: a wrong body and a missing header must be refused, the right body taken
    /// and listed with its SHA-256. The multipart upload it needs, under `<prefix>/probe/`, is
    /// aborted afterwards. `random` names it.
    ///
    /// # Errors
    /// [`ProbeError`]: a sentence for the operator; the server must not start.
    pub async fn prove_checksums(&self, random: [u8; 16], now_ms: i64) -> Result<(), ProbeError> {
        let name = sealift_transfer::api::UploadId::from_random(random);
        let key = ObjectKey::from_record(format!("{}/probe/{name}", self.prefix()));
        let s3_upload_id = self.create_multipart(&key).await?;
        let outcome = prove(self, &key, &s3_upload_id, now_ms).await;
        // A probe that cannot be tidied up is no reason to refuse the store: lifecycle rules
        // and the sweeper end it.
        if let Err(error) = self.abort_multipart(&key, &s3_upload_id).await {
            tracing::warn!(%error, "The probe's multipart upload stays behind");
        }
        outcome
    }
}

const RIGHT: &[u8] = b"sealift probe: the bytes that were signed";
/// As long as the right ones, so that only the checksum tells them apart.
const WRONG: &[u8] = b"sealift probe: the bytes that were forged";

async fn prove(
    objects: &Objects,
    key: &ObjectKey,
    s3_upload_id: &S3UploadId,
    now_ms: i64,
) -> Result<(), ProbeError> {
    let number = PartNumber::FIRST;
    let sha256 = Sha256::of(RIGHT);
    let len = u64::try_from(RIGHT.len()).unwrap_or(u64::MAX);
    let put = objects
        .presign_own_part(key, s3_upload_id, (number, &sha256, len), now_ms)
        .await?;
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        // The way that the SDK goes, which knows no proxy either.
        .no_proxy()
        .build()
        .map_err(|_| ObjectsError::Unavailable { status: None })?;

    if is_success(send(&http, &put, true, WRONG).await?) {
        return Err(ProbeError::WrongBytesTaken);
    }
    if is_success(send(&http, &put, false, RIGHT).await?) {
        return Err(ProbeError::MissingHeaderTaken);
    }
    let status = send(&http, &put, true, RIGHT).await?;
    if !is_success(status) {
        return Err(ProbeError::RightBytesRefused { status });
    }
    let listed = objects.list_parts(key, s3_upload_id).await?;
    match listed.as_slice() {
        [part] if part.sha256 == Some(sha256) => Ok(()),
        _ => Err(ProbeError::ChecksumNotListed),
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

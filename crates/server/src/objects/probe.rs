//! Proves at every start that a store does what sealift needs: the store enforces signed checksums
//! (docs/FORMAT.md, R10), reports an absent object by its code and answers ranges ([`reading`]), joins
//! parts of unequal length ([`joining`]), and browsers can reach it ([`public`]).
//!
//! A store that accepts another body than the signed one would let a browser, a proxy or a thief of
//! a URL put other bytes under a part that the record claims to know.

use core::time::Duration;

use bytes::Bytes;
use sealift_transfer::api::Sha256;

use super::{ObjectHead, ObjectKey, Objects, ObjectsError, PresignedPut, S3UploadId};
use crate::unix_millis::UnixMillis;

mod asked;
mod joining;
mod public;
mod reading;

pub(crate) use asked::{Place, Question};

/// The reasons why a store cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The store accepted wrong bytes. This is the worst fault.
    #[error(
        "the object store took other bytes than those of the signed SHA-256; use a store \
         that enforces x-amz-checksum-sha256 (AWS S3, Garage 2, the embedded one)"
    )]
    WrongBytesAccepted,
    /// The store accepted a PUT without its checksum header, so a URL would let any bytes in.
    #[error(
        "the object store took bytes without the signed x-amz-checksum-sha256 header; use a store \
         that verifies signed headers (AWS S3, Garage 2, the embedded one)"
    )]
    MissingHeaderAccepted,
    /// The store refused the right bytes too, so its other refusals prove nothing.
    #[error(
        "the object store refused correct bytes with status {status} {code}; check that bucket, \
         region and credentials are right, that the clocks differ by less than a minute, and that \
         nothing between the server and the store removes the header x-amz-checksum-sha256"
    )]
    RightBytesRefused {
        /// Status of the HTTP answer.
        status: u16,
        /// The store's own code; `-` if it gave none.
        code: String,
    },
    /// The store took bytes at an address whose time had ended, so a URL that leaked works for ever. Only
    /// `sealift doctor` asks for this.
    #[error(
        "the object store took bytes at an address that had ended five minutes before; use a store that \
         verifies signatures and their time (AWS S3, Garage 2, the embedded one)"
    )]
    EndedAddressAccepted,
    /// The store reports no checksum, which completion needs (docs/FORMAT.md, R7).
    #[error(
        "the object store does not report the SHA-256 of stored objects, so uploads cannot be verified \
         in it; use another one (AWS S3, Garage 2, the embedded one)"
    )]
    ChecksumNotReported,
    /// The store does not name an absence, so an upload that has not arrived yet looks like a store
    /// that refuses.
    #[error(
        "the object store does not say by its code NoSuchKey that an object is absent; allow the \
         server s3:ListBucket and s3:GetObject, and check what stands between it and the store"
    )]
    AbsenceNotReported(#[source] ObjectsError),
    /// The store does not answer ranges, which every reader requests (docs/FORMAT.md, R6).
    #[error(
        "the object store does not answer a GET with Range and If-Match; allow the server \
         s3:GetObject, or use another store (AWS S3, Garage 2, the embedded one)"
    )]
    RangeNotGiven(#[source] ObjectsError),
    /// The answer lacks a header that every reader compares with the record (docs/FORMAT.md, R6).
    #[error(
        "the answer to a ranged GET has no usable {field}; check what stands between the server and \
         the object store, which must pass ETag and Content-Range on unchanged"
    )]
    AnswerLacks {
        /// The name of the header.
        field: &'static str,
    },
    /// The store does not join parts of unequal length, but no two parts of an upload need be equal
    /// (docs/FORMAT.md, arithmetic).
    #[error(
        "the object store refused to join parts of unequal length ({status} {code}); use a store \
         that joins them as S3 does (AWS S3, Garage 2, the embedded one)"
    )]
    UnequalPartsRefused {
        /// Status of the HTTP answer.
        status: u16,
        /// The store's own code.
        code: String,
    },
    /// The store refused a PUT at its public endpoint, and would refuse browsers too.
    #[error(
        "the object store refused a presigned PUT at its public endpoint with {status} {code}; check \
         the setting s3_public_endpoint, and that a proxy there passes host and headers on unchanged"
    )]
    PublicRefused {
        /// Status of the HTTP answer.
        status: u16,
        /// The store's own code.
        code: String,
    },
    /// An answer lacks a header at the public endpoint, so browsers could not compare what they
    /// read.
    #[error(
        "the answer to a ranged GET at the object store's public endpoint has no {header}, or \
         another one than at its own endpoint; check that a proxy there passes it on unchanged"
    )]
    PublicAnswerLacks {
        /// The name of the header.
        header: &'static str,
    },
    /// The store does not encrypt as the settings ask.
    #[error("{0}")]
    NotEncrypted(ObjectsError),
    /// The probe failed before it could prove anything.
    #[error("the object store could not be probed; check endpoint, bucket, region and credentials")]
    Objects(#[source] ObjectsError),
}

impl From<ObjectsError> for ProbeError {
    fn from(error: ObjectsError) -> Self {
        match error {
            ObjectsError::NotEncrypted { .. } => Self::NotEncrypted(error),
            error => Self::Objects(error),
        }
    }
}

/// A fault of the store that sealift, or some of its users, can do without.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The store ignores If-Match. Every answer is compared with the record anyway.
    #[error(
        "the object store ignores If-Match on GET. Every answer's ETag is compared with the record, \
         so no other object is taken for the right one"
    )]
    IgnoresIfMatch,
    /// The server cannot reach the public endpoint.
    #[error(
        "the object store's public endpoint cannot be reached from the server, so it was not probed. \
         If browsers cannot reach it either, set s3_public_endpoint"
    )]
    PublicUnreachable,
    /// The server reaches something other than the store at the public endpoint.
    #[error(
        "something other than the object store answers at its public endpoint ({status}), as the \
         server reaches it, so it was not probed. If browsers get the same, set s3_public_endpoint"
    )]
    AnotherAnswers {
        /// Status of the HTTP answer.
        status: u16,
    },
    /// Pages from that origin can neither upload nor open files.
    #[error(
        "the object store does not let pages from {origin} send and read: {what}. Set the CORS rule \
         of docs/STORES.md on the bucket; programs do not need it"
    )]
    NoCors {
        /// The origin of the page.
        origin: String,
        /// The request that the page may not send.
        what: String,
    },
}

impl Objects {
    /// Probes the store with a part and with a whole object. The store must refuse a wrong body and
    /// a missing header, accept the right body, report its SHA-256 and answer ranges of it. The
    /// probe's objects lie under `<prefix>/probe/` with a name from `random`, and are removed
    /// afterwards.
    ///
    /// # Errors
    /// Returns a [`ProbeError`], which is a sentence for the operator; the server must not start.
    pub async fn prove_store(
        &self,
        random: [u8; 16],
        now: UnixMillis,
    ) -> Result<Option<Flaw>, ProbeError> {
        let key = probe_key(self, random);
        let http = http_client()?;
        let s3_upload_id = self.create_multipart(&key).await?;
        let of_a_part = prove_part(self, &http, &key, &s3_upload_id, now).await;
        tidied(self.abort_multipart(&key, &s3_upload_id).await);
        of_a_part?;
        let of_an_object = prove_object(self, &http, &key, now).await;
        tidied(self.remove(&key).await);
        of_an_object
    }
}

/// Returns the key of a probe's object.
pub(crate) fn probe_key(objects: &Objects, random: [u8; 16]) -> ObjectKey {
    let name = sealift_transfer::api::UploadId::from_random(random);
    ObjectKey::from_record(format!("{}/probe/{name}", objects.prefix()))
}

fn http_client() -> Result<reqwest::Client, ObjectsError> {
    reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        // The server may be unable to reach the public endpoint, and its start must not wait long.
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        // The proxies of the environment are used, because the SDK uses them, too.
        .build()
        .map_err(|_| ObjectsError::Unavailable { status: None })
}

/// Logs a failed clean-up. This is no reason to refuse the store, because lifecycle rules and the
/// sweeper remove the rest.
fn tidied(outcome: Result<(), ObjectsError>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "The probe could not remove everything that it put into the object store");
    }
}

const RIGHT: &[u8] = b"sealift probe: the bytes that were signed";
/// Bytes of the same length as the right ones, so that only the checksum differs.
const WRONG: &[u8] = b"sealift probe: the bytes that were forged";

async fn prove_part(
    objects: &Objects,
    http: &reqwest::Client,
    key: &ObjectKey,
    s3_upload_id: &S3UploadId,
    now: UnixMillis,
) -> Result<(), ProbeError> {
    let (sha256, len) = right();
    let put = objects.presign_own(key, Some(s3_upload_id), &sha256, len, now);
    only_right_bytes_are_taken(http, &put.await?).await?;
    the_part_is_reported(objects, key, s3_upload_id).await
}

async fn the_part_is_reported(
    objects: &Objects,
    key: &ObjectKey,
    s3_upload_id: &S3UploadId,
) -> Result<(), ProbeError> {
    let listed = objects.list_parts(key, s3_upload_id).await?;
    match listed.as_slice() {
        [part] if part.sha256 == Some(right().0) => Ok(()),
        _ => Err(ProbeError::ChecksumNotReported),
    }
}

async fn prove_object(
    objects: &Objects,
    http: &reqwest::Client,
    key: &ObjectKey,
    now: UnixMillis,
) -> Result<Option<Flaw>, ProbeError> {
    let (sha256, len) = right();
    reading::prove_absence(objects, key).await?;
    let put = objects.presign_own(key, None, &sha256, len, now).await?;
    only_right_bytes_are_taken(http, &put).await?;
    let head = the_object_is_reported(objects, key).await?;
    prove_encryption(objects, &head)?;
    reading::prove_reading(objects, key, &head).await
}

async fn the_object_is_reported(
    objects: &Objects,
    key: &ObjectKey,
) -> Result<ObjectHead, ProbeError> {
    match objects.head(key, None).await? {
        Some(head) if head.sha256 == Some(right().0) => Ok(head),
        _ => Err(ProbeError::ChecksumNotReported),
    }
}

/// Compares the encryption of the probe with the settings. If these ask for none, the log says which one the bucket has
/// by itself.
fn prove_encryption(objects: &Objects, head: &ObjectHead) -> Result<(), ProbeError> {
    let reported = &head.encryption;
    objects.confirm_encryption(reported)?;
    if let Some(algorithm) = &reported.algorithm {
        let key = reported.kms_key.as_deref().unwrap_or("-");
        tracing::info!(
            s3.sse = algorithm,
            kms.key = key,
            "The store encrypts objects with {algorithm}"
        );
    }
    Ok(())
}

fn right() -> (Sha256, u64) {
    let len = u64::try_from(RIGHT.len()).unwrap_or(u64::MAX);
    (Sha256::of(RIGHT), len)
}

async fn only_right_bytes_are_taken(
    http: &reqwest::Client,
    put: &PresignedPut,
) -> Result<(), ProbeError> {
    wrong_bytes_are_refused(http, put).await?;
    a_missing_header_is_refused(http, put).await?;
    right_bytes_are_taken(http, put, RIGHT.into()).await
}

async fn wrong_bytes_are_refused(
    http: &reqwest::Client,
    put: &PresignedPut,
) -> Result<(), ProbeError> {
    match is_success(send(http, put, true, WRONG.into()).await?.0) {
        true => Err(ProbeError::WrongBytesAccepted),
        false => Ok(()),
    }
}

async fn a_missing_header_is_refused(
    http: &reqwest::Client,
    put: &PresignedPut,
) -> Result<(), ProbeError> {
    match is_success(send(http, put, false, RIGHT.into()).await?.0) {
        true => Err(ProbeError::MissingHeaderAccepted),
        false => Ok(()),
    }
}

async fn right_bytes_are_taken(
    http: &reqwest::Client,
    put: &PresignedPut,
    body: Bytes,
) -> Result<(), ProbeError> {
    let (status, said) = send(http, put, true, body).await?;
    if is_success(status) {
        Ok(())
    } else {
        let code = code_of(&said).unwrap_or_else(|| "-".to_owned());
        Err(ProbeError::RightBytesRefused { status, code })
    }
}

async fn send(
    http: &reqwest::Client,
    put: &PresignedPut,
    with_headers: bool,
    body: Bytes,
) -> Result<(u16, String), ObjectsError> {
    let mut request = http.put(&put.url).body(body);
    for (name, value) in put.headers.iter().filter(|_| with_headers) {
        request = request.header(name, value);
    }
    let answer = request
        .send()
        .await
        .map_err(|_| ObjectsError::Unavailable { status: None })?;
    let status = answer.status().as_u16();
    // Read the answer to its end, so that the connection can be used again.
    Ok((status, answer.text().await.unwrap_or_default()))
}

/// Returns the store's own code from the body of a refusal. A gateway's page has none.
fn code_of(body: &str) -> Option<String> {
    let (_, code) = body.split_once("<Code>")?;
    let (code, _) = code.split_once("</Code>")?;
    let is_a_word = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_a_word.then(|| code.to_owned())
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

#[cfg(test)]
mod tests;

//! Translates the SDK's answers and errors to ours.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    types,
};
use sealift_transfer::PartNumber;

use super::{
    super::{
        CompletedPart, ETag, ObjectKey, ObjectsError, S3UploadId, StoredPart, UnfinishedMultipart,
        VersionId,
    },
    actions::OfAction,
    refusal,
};
use crate::unix_millis::UnixMillis;

/// Translates an error of the SDK. Refusals of the store itself go through [`super::refusal::of`], and name the
/// action that was refused.
pub(super) fn translate<E: ProvideErrorMetadata + OfAction>(
    error: SdkError<E, HttpResponse>,
) -> ObjectsError {
    named(error, E::ACTION)
}

/// Translates the error of a request that names this version, if there is one.
pub(super) fn translate_of<E: ProvideErrorMetadata + OfAction>(
    version: Option<&VersionId>,
) -> impl FnOnce(SdkError<E, HttpResponse>) -> ObjectsError + use<E> {
    let action = match version {
        None => E::ACTION,
        Some(_) => E::OF_VERSION,
    };
    move |error| named(error, action)
}

fn named<E: ProvideErrorMetadata>(
    error: SdkError<E, HttpResponse>,
    action: &'static str,
) -> ObjectsError {
    let SdkError::ServiceError(refusal) = error else {
        // Without credentials a request cannot be constructed. All other errors mean silence or
        // garbage.
        return match error {
            SdkError::ConstructionFailure(_) => ObjectsError::NoCredentials,
            // Neither the network nor the answer failed, so the request could not be signed.
            SdkError::DispatchFailure(failure)
                if failure.is_other() && failure.as_other().is_none() =>
            {
                ObjectsError::NoCredentials
            }
            _ => ObjectsError::Unavailable { status: None },
        };
    };
    match refusal::of(refusal.raw().status().as_u16(), refusal.err().code()) {
        ObjectsError::Refused { status, code, .. } => ObjectsError::Refused {
            status,
            code,
            action: Some(action),
        },
        error => error,
    }
}

pub(super) fn stored_part(part: types::Part) -> Result<StoredPart, ObjectsError> {
    let field = "Part";
    let number = part
        .part_number
        .and_then(|number| u16::try_from(number).ok())
        .and_then(|number| PartNumber::try_from(number).ok())
        .ok_or(ObjectsError::Incomprehensible { field })?;
    Ok(StoredPart {
        number,
        etag: etag(part.e_tag)?,
        sha256: part.checksum_sha256.and_then(|text| text.parse().ok()),
        len: positive(part.size, field)?,
    })
}

pub(super) fn sdk_part(part: &CompletedPart) -> types::CompletedPart {
    types::CompletedPart::builder()
        .part_number(i32::from(part.number.get()))
        .e_tag(&part.etag.0)
        .checksum_sha256(part.sha256.to_string())
        .build()
}

pub(super) fn unfinished(
    upload: types::MultipartUpload,
) -> Result<UnfinishedMultipart, ObjectsError> {
    match (upload.key, upload.upload_id) {
        (Some(key), Some(id)) => Ok(UnfinishedMultipart {
            key: ObjectKey::from_record(key),
            s3_upload_id: S3UploadId(id),
            initiated_at: upload
                .initiated
                .and_then(|at| at.to_millis().ok())
                .map(UnixMillis::from_ms),
        }),
        _ => Err(ObjectsError::Incomprehensible { field: "Upload" }),
    }
}

/// Takes the ETag of an answer. A weak ETag is refused, because it does not name the bytes:
/// something between the server and the store changed it.
pub(super) fn etag(given: Option<String>) -> Result<ETag, ObjectsError> {
    given
        .filter(|etag| !etag.is_empty() && !etag.starts_with("W/"))
        .map(ETag)
        .ok_or(ObjectsError::Incomprehensible { field: "ETag" })
}

pub(super) fn positive(given: Option<i64>, field: &'static str) -> Result<u64, ObjectsError> {
    given
        .and_then(|number| u64::try_from(number).ok())
        .ok_or(ObjectsError::Incomprehensible { field })
}

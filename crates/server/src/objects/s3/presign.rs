//! Makes presigned PUTs of parts and of whole objects, and presigned GETs of objects. The caller
//! must make the part's row durable before the URL of a PUT leaves (docs/FORMAT.md, R2).

use sealift_transfer::{
    PartNumber,
    api::{PresignedGet, Sha256},
};

use super::{
    super::{ObjectKey, ObjectsError, PresignedPut, S3UploadId, StoredObject},
    Objects,
    signer::{Becomes, ToSign},
};
use crate::unix_millis::UnixMillis;

impl Objects {
    /// Signs the PUT of exactly these bytes as exactly this part. The signature lasts 15 minutes
    /// from `now`, or less if the signing credentials end earlier.
    ///
    /// # Errors
    /// Returns [`ObjectsError::NoCredentials`] if there are none, and
    /// [`ObjectsError::WrongSignedHeaders`] if the SDK signs other headers than docs/FORMAT.md, R10
    /// demands.
    pub async fn presign_part(
        &self,
        key: &ObjectKey,
        s3_upload_id: &S3UploadId,
        number: PartNumber,
        sha256: &Sha256,
        sealed_len: u64,
        now: UnixMillis,
    ) -> Result<PresignedPut, ObjectsError> {
        let becomes = Becomes::Part(s3_upload_id, number);
        let what = self.to_sign(key, becomes, sha256, sealed_len);
        self.browsers.sign(what, now).await
    }

    /// Signs the PUT of exactly these bytes as the whole object, for the same time. If there is an
    /// object already, the store must answer 412, because it was sent before.
    ///
    /// # Errors
    /// Fails like [`Objects::presign_part`].
    pub async fn presign_put(
        &self,
        key: &ObjectKey,
        sha256: &Sha256,
        sealed_len: u64,
        now: UnixMillis,
    ) -> Result<PresignedPut, ObjectsError> {
        let what = self.to_sign(key, Becomes::Object, sha256, sealed_len);
        self.browsers.sign(what, now).await
    }

    /// Signs the GET of exactly this object, whole or by `Range`. The signature lasts as long as
    /// for a PUT, or until `until` if that is earlier. The request must carry the signed
    /// `If-Match`, so that another object is never returned in its place (docs/FORMAT.md, R6).
    ///
    /// # Errors
    /// Fails like [`Objects::presign_part`].
    pub async fn presign_get(
        &self,
        object: &StoredObject,
        now: UnixMillis,
        until: Option<UnixMillis>,
    ) -> Result<PresignedGet, ObjectsError> {
        let signed = self.browsers.sign_get(&self.bucket, object, now, until);
        signed.await
    }

    /// Signs like [`Objects::presign_part`] or, without `s3_upload_id`, like
    /// [`Objects::presign_put`], but at the server's own endpoint: the server itself sends the
    /// probe.
    pub(in crate::objects) async fn presign_own(
        &self,
        key: &ObjectKey,
        s3_upload_id: Option<&S3UploadId>,
        sha256: &Sha256,
        sealed_len: u64,
        now: UnixMillis,
    ) -> Result<PresignedPut, ObjectsError> {
        let becomes = s3_upload_id.map_or(Becomes::Object, |s3_upload_id| {
            Becomes::Part(s3_upload_id, PartNumber::FIRST)
        });
        let what = self.to_sign(key, becomes, sha256, sealed_len);
        self.probe.sign(what, now).await
    }

    /// Returns scheme, host and port of every URL that is signed for browsers.
    ///
    /// # Errors
    /// Fails if signing fails.
    pub async fn public_origin(&self, now: UnixMillis) -> Result<String, ObjectsError> {
        // Signing a URL gives the right origin for every combination of region, endpoint and style.
        let key = ObjectKey::from_record(format!("{}/origin", self.prefix));
        let put = self.presign_put(&key, &Sha256::of(b""), 0, now).await?;
        origin_of(&put)
    }

    /// Returns scheme, host and port of the server's own endpoint.
    ///
    /// # Errors
    /// Fails if signing fails.
    pub(crate) async fn own_origin(&self, now: UnixMillis) -> Result<String, ObjectsError> {
        let key = ObjectKey::from_record(format!("{}/origin", self.prefix));
        let put = self
            .presign_own(&key, None, &Sha256::of(b""), 0, now)
            .await?;
        origin_of(&put)
    }

    fn to_sign<'a>(
        &'a self,
        key: &'a ObjectKey,
        becomes: Becomes<'a>,
        sha256: &'a Sha256,
        sealed_len: u64,
    ) -> ToSign<'a> {
        ToSign {
            bucket: &self.bucket,
            key,
            becomes,
            sha256,
            sealed_len,
            encryption: &self.encryption,
        }
    }
}

fn origin_of(put: &PresignedPut) -> Result<String, ObjectsError> {
    let url: Result<http::Uri, _> = put.url.parse();
    let url = url.map_err(|_| ObjectsError::Incomprehensible { field: "URL" })?;
    match (url.scheme_str(), url.authority()) {
        (Some(scheme), Some(authority)) => Ok(format!("{scheme}://{authority}")),
        _ => Err(ObjectsError::Incomprehensible { field: "URL" }),
    }
}

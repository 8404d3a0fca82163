//! Presigned PUTs of parts and of whole objects, and GETs of objects. The caller's row of the part
//! must be durable before the URL of a PUT leaves (FORMAT.md R2).

use sealift_transfer::{
    PartNumber,
    api::{PresignedGet, Sha256},
};

use super::{
    super::{ObjectKey, ObjectsError, PresignedPut, S3UploadId, StoredObject},
    Objects,
    signer::{Becomes, ToSign},
};

impl Objects {
    /// Signs the PUT of exactly these bytes as exactly this part, for 15 minutes from `now_ms`,
    /// less where the signing credentials end earlier.
    ///
    /// # Errors
    /// [`ObjectsError::NoCredentials`]; [`ObjectsError::WrongSignedHeaders`] should an SDK sign
    /// other headers than FORMAT.md R10 demands.
    pub async fn presign_part(
        &self,
        key: &ObjectKey,
        s3_upload_id: &S3UploadId,
        number: PartNumber,
        sha256: &Sha256,
        sealed_len: u64,
        now_ms: i64,
    ) -> Result<PresignedPut, ObjectsError> {
        let becomes = Becomes::Part(s3_upload_id, number);
        let what = self.to_sign(key, becomes, sha256, sealed_len);
        self.browsers.sign(what, now_ms).await
    }

    /// Signs the PUT of exactly these bytes as the whole object, as long. Where there is an object
    /// the store is to answer 412: it was sent before.
    ///
    /// # Errors
    /// As for [`Objects::presign_part`].
    pub async fn presign_put(
        &self,
        key: &ObjectKey,
        sha256: &Sha256,
        sealed_len: u64,
        now_ms: i64,
    ) -> Result<PresignedPut, ObjectsError> {
        let what = self.to_sign(key, Becomes::Object, sha256, sealed_len);
        self.browsers.sign(what, now_ms).await
    }

    /// Signs the GET of exactly this object, whole or by `Range`, as long, or until `until_ms` where
    /// that is earlier. It must be sent with the
    /// `If-Match` that is signed: another object is never given for this one (FORMAT.md R6).
    ///
    /// # Errors
    /// As for [`Objects::presign_part`].
    pub async fn presign_get(
        &self,
        object: &StoredObject,
        now_ms: i64,
        until_ms: Option<i64>,
    ) -> Result<PresignedGet, ObjectsError> {
        let signed = self
            .browsers
            .sign_get(&self.bucket, object, now_ms, until_ms);
        signed.await
    }

    /// [`Objects::presign_part`] and, without `s3_upload_id`, [`Objects::presign_put`] at the
    /// server's own endpoint: for the probe, which the server itself sends.
    pub(in crate::objects) async fn presign_own(
        &self,
        key: &ObjectKey,
        s3_upload_id: Option<&S3UploadId>,
        sha256: &Sha256,
        sealed_len: u64,
        now_ms: i64,
    ) -> Result<PresignedPut, ObjectsError> {
        let becomes = s3_upload_id.map_or(Becomes::Object, |s3_upload_id| {
            Becomes::Part(s3_upload_id, PartNumber::FIRST)
        });
        let what = self.to_sign(key, becomes, sha256, sealed_len);
        self.probe.sign(what, now_ms).await
    }

    /// Scheme, host and port of every URL signed for browsers.
    ///
    /// # Errors
    /// Those of signing.
    pub async fn public_origin(&self, now_ms: i64) -> Result<String, ObjectsError> {
        // Asking the signer is right for every combination of region, endpoint and style.
        let key = ObjectKey::from_record(format!("{}/origin", self.prefix));
        let put = self.presign_put(&key, &Sha256::of(b""), 0, now_ms).await?;
        let url: http::Uri = put
            .url
            .parse()
            .map_err(|_| ObjectsError::Incomprehensible { field: "URL" })?;
        match (url.scheme_str(), url.authority()) {
            (Some(scheme), Some(authority)) => Ok(format!("{scheme}://{authority}")),
            _ => Err(ObjectsError::Incomprehensible { field: "URL" }),
        }
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
        }
    }
}
